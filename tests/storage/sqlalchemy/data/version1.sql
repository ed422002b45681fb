-- What the first release wrote into SQLite. Never change this: it is what users have.
BEGIN TRANSACTION;
CREATE TABLE tgslices_keys (
	id INTEGER NOT NULL, 
	bot_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	user_id BIGINT NOT NULL, 
	thread_id BIGINT NOT NULL, 
	label BLOB NOT NULL, 
	business_connection_id TEXT, 
	qualifier TEXT, 
	is_open BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_keys_place UNIQUE (bot_id, chat_id, user_id, thread_id, label)
);
INSERT INTO "tgslices_keys" VALUES(1,42,7,-9223372036854775808,-9223372036854775808,X'',NULL,NULL,1);
INSERT INTO "tgslices_keys" VALUES(2,42,-1001234567890,5,7,X'42032340B14DF3204A6E46ED9F44CC04',NULL,'it''s an order',1);
INSERT INTO "tgslices_keys" VALUES(3,42,7,-9223372036854775808,-9223372036854775808,X'DD4CDA1EA1AB90E1DF764079E6ECE3A7',NULL,'',0);
CREATE TABLE tgslices_messages (
	id INTEGER NOT NULL, 
	key_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	message_id BIGINT NOT NULL, 
	variant BLOB NOT NULL, 
	user_id BIGINT, 
	kind TEXT, 
	direction VARCHAR(3) NOT NULL, 
	sent_at BIGINT, 
	recorded_at BIGINT NOT NULL, 
	business_connection_id TEXT, 
	thread_id BIGINT, 
	ephemeral_message_id BIGINT, 
	receiver_user_id BIGINT, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_messages_identity UNIQUE (key_id, chat_id, message_id, variant)
);
INSERT INTO "tgslices_messages" VALUES(1,1,7,1,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL);
INSERT INTO "tgslices_messages" VALUES(2,1,7,9,X'B395C47F4DC8395B9DF20B2DA45FE0D0',7,'text','in',1782909015123456,1782909015123456,'c',NULL,NULL,NULL);
INSERT INTO "tgslices_messages" VALUES(3,2,-1001234567890,2,X'',7,'text','in',1782909015123456,1782909015123456,NULL,7,NULL,NULL);
INSERT INTO "tgslices_messages" VALUES(4,3,7,3,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL);
CREATE TABLE tgslices_meta (
	name VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "tgslices_meta" VALUES('schema_version','1');
CREATE TABLE tgslices_pending (
	id INTEGER NOT NULL, 
	identity BLOB NOT NULL, 
	bot_id BIGINT NOT NULL, 
	key_chat_id BIGINT NOT NULL, 
	key_user_id BIGINT, 
	key_thread_id BIGINT, 
	key_business_connection_id TEXT, 
	key_qualifier TEXT, 
	chat_id BIGINT NOT NULL, 
	message_id BIGINT NOT NULL, 
	variant BLOB NOT NULL, 
	user_id BIGINT, 
	kind TEXT, 
	direction VARCHAR(3) NOT NULL, 
	sent_at BIGINT, 
	recorded_at BIGINT NOT NULL, 
	business_connection_id TEXT, 
	thread_id BIGINT, 
	ephemeral_message_id BIGINT, 
	receiver_user_id BIGINT, 
	claimed_at BIGINT NOT NULL, 
	due_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_pending_identity UNIQUE (identity)
);
INSERT INTO "tgslices_pending" VALUES(1,X'EC6BDBF24F16D9E0A8CB3DBAABD23488',42,7,NULL,NULL,NULL,'',7,4,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,1782909015123456,1782909075123456);
CREATE TABLE tgslices_moved_chats (
	bot_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	PRIMARY KEY (bot_id, chat_id)
);
CREATE INDEX tgslices_messages_business ON tgslices_messages (chat_id, message_id) WHERE business_connection_id IS NOT NULL;
CREATE INDEX tgslices_pending_message ON tgslices_pending (chat_id, message_id);
CREATE INDEX tgslices_pending_due ON tgslices_pending (bot_id, due_at, id);
COMMIT;
