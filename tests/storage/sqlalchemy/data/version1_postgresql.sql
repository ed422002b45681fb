-- What the first release wrote into PostgreSQL. Never change this: it is what users have.
CREATE TABLE public.tgslices_keys (
    id bigint NOT NULL,
    bot_id bigint NOT NULL,
    chat_id bigint NOT NULL,
    user_id bigint NOT NULL,
    thread_id bigint NOT NULL,
    label bytea NOT NULL,
    business_connection_id text,
    qualifier text,
    is_open boolean NOT NULL
);
CREATE SEQUENCE public.tgslices_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tgslices_keys_id_seq OWNED BY public.tgslices_keys.id;
CREATE TABLE public.tgslices_messages (
    id bigint NOT NULL,
    key_id bigint NOT NULL,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    variant bytea NOT NULL,
    user_id bigint,
    kind text,
    direction character varying(3) NOT NULL,
    sent_at bigint,
    recorded_at bigint NOT NULL,
    business_connection_id text,
    thread_id bigint,
    ephemeral_message_id bigint,
    receiver_user_id bigint
);
CREATE SEQUENCE public.tgslices_messages_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tgslices_messages_id_seq OWNED BY public.tgslices_messages.id;
CREATE TABLE public.tgslices_meta (
    name character varying(64) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.tgslices_moved_chats (
    bot_id bigint NOT NULL,
    chat_id bigint NOT NULL
);
CREATE TABLE public.tgslices_pending (
    id bigint NOT NULL,
    identity bytea NOT NULL,
    bot_id bigint NOT NULL,
    key_chat_id bigint NOT NULL,
    key_user_id bigint,
    key_thread_id bigint,
    key_business_connection_id text,
    key_qualifier text,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    variant bytea NOT NULL,
    user_id bigint,
    kind text,
    direction character varying(3) NOT NULL,
    sent_at bigint,
    recorded_at bigint NOT NULL,
    business_connection_id text,
    thread_id bigint,
    ephemeral_message_id bigint,
    receiver_user_id bigint,
    claimed_at bigint NOT NULL,
    due_at bigint NOT NULL
);
CREATE SEQUENCE public.tgslices_pending_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tgslices_pending_id_seq OWNED BY public.tgslices_pending.id;
ALTER TABLE ONLY public.tgslices_keys ALTER COLUMN id SET DEFAULT nextval('public.tgslices_keys_id_seq'::regclass);
ALTER TABLE ONLY public.tgslices_messages ALTER COLUMN id SET DEFAULT nextval('public.tgslices_messages_id_seq'::regclass);
ALTER TABLE ONLY public.tgslices_pending ALTER COLUMN id SET DEFAULT nextval('public.tgslices_pending_id_seq'::regclass);
INSERT INTO public.tgslices_keys VALUES (1, 42, 7, -9223372036854775808, -9223372036854775808, '\x', NULL, NULL, true);
INSERT INTO public.tgslices_keys VALUES (2, 42, -1001234567890, 5, 7, '\x42032340b14df3204a6e46ed9f44cc04', NULL, 'it''s an order', true);
INSERT INTO public.tgslices_keys VALUES (3, 42, 7, -9223372036854775808, -9223372036854775808, '\xdd4cda1ea1ab90e1df764079e6ece3a7', NULL, '', false);
INSERT INTO public.tgslices_messages VALUES (1, 1, 7, 1, '\x', 7, 'text', 'in', 1782909015123456, 1782909015123456, NULL, NULL, NULL, NULL);
INSERT INTO public.tgslices_messages VALUES (2, 1, 7, 9, '\xb395c47f4dc8395b9df20b2da45fe0d0', 7, 'text', 'in', 1782909015123456, 1782909015123456, 'c', NULL, NULL, NULL);
INSERT INTO public.tgslices_messages VALUES (3, 2, -1001234567890, 2, '\x', 7, 'text', 'in', 1782909015123456, 1782909015123456, NULL, 7, NULL, NULL);
INSERT INTO public.tgslices_messages VALUES (4, 3, 7, 3, '\x', 7, 'text', 'in', 1782909015123456, 1782909015123456, NULL, NULL, NULL, NULL);
INSERT INTO public.tgslices_meta VALUES ('schema_version', '1');
INSERT INTO public.tgslices_pending VALUES (1, '\xec6bdbf24f16d9e0a8cb3dbaabd23488', 42, 7, NULL, NULL, NULL, '', 7, 4, '\x', 7, 'text', 'in', 1782909015123456, 1782909015123456, NULL, NULL, NULL, NULL, 1782909015123456, 1782909075123456);
SELECT pg_catalog.setval('public.tgslices_keys_id_seq', 3, true);
SELECT pg_catalog.setval('public.tgslices_messages_id_seq', 4, true);
SELECT pg_catalog.setval('public.tgslices_pending_id_seq', 1, true);
ALTER TABLE ONLY public.tgslices_keys
    ADD CONSTRAINT tgslices_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tgslices_keys
    ADD CONSTRAINT tgslices_keys_place UNIQUE (bot_id, chat_id, user_id, thread_id, label);
ALTER TABLE ONLY public.tgslices_messages
    ADD CONSTRAINT tgslices_messages_identity UNIQUE (key_id, chat_id, message_id, variant);
ALTER TABLE ONLY public.tgslices_messages
    ADD CONSTRAINT tgslices_messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tgslices_meta
    ADD CONSTRAINT tgslices_meta_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.tgslices_moved_chats
    ADD CONSTRAINT tgslices_moved_chats_pkey PRIMARY KEY (bot_id, chat_id);
ALTER TABLE ONLY public.tgslices_pending
    ADD CONSTRAINT tgslices_pending_identity UNIQUE (identity);
ALTER TABLE ONLY public.tgslices_pending
    ADD CONSTRAINT tgslices_pending_pkey PRIMARY KEY (id);
CREATE INDEX tgslices_messages_business ON public.tgslices_messages USING btree (chat_id, message_id) WHERE (business_connection_id IS NOT NULL);
CREATE INDEX tgslices_pending_due ON public.tgslices_pending USING btree (bot_id, due_at, id);
CREATE INDEX tgslices_pending_message ON public.tgslices_pending USING btree (chat_id, message_id);
