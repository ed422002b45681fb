"""A supergroup with a plain member."""

import pytest

from tgslices.testing import BotAccount, BotApi, ChatView, Person


@pytest.fixture
def bob(api: BotApi) -> Person:
    return api.add_person("Bob")


@pytest.fixture
def team(api: BotApi, account: BotAccount, ann: Person, bob: Person) -> ChatView:
    """A supergroup as Bob, a plain member, sees it."""
    return bob.view(api.add_supergroup("Team", members=[ann, bob], admins=[account]))
