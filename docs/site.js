// What scrolls sideways, a wide table or a drawing, is reached and scrolled with the keyboard, too (WCAG 2.1.1).
const wide = '.md-typeset__scrollwrap, .md-typeset p:has(> img[src$=".svg"])';

function makeReachable() {
  for (const place of document.querySelectorAll(wide)) {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}

// The theme wraps tables after the page was read.
new MutationObserver(makeReachable).observe(document.body, { childList: true, subtree: true });
window.addEventListener("resize", makeReachable);
window.addEventListener("load", makeReachable);
