-- What the second release wrote into SQLite. Never change this once it is published: it is what users have.
BEGIN TRANSACTION;
CREATE TABLE tgslices_data (
	id INTEGER NOT NULL, 
	bot_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	user_id BIGINT NOT NULL, 
	thread_id BIGINT NOT NULL, 
	label BLOB NOT NULL, 
	business_connection_id TEXT, 
	qualifier TEXT, 
	fragment BLOB NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT, 
	version BIGINT, 
	written_at BIGINT, 
	expires_at BIGINT, 
	outlives_close BOOLEAN DEFAULT 0 NOT NULL, 
	holder TEXT, 
	held_until BIGINT, 
	is_closed BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_data_fragment UNIQUE (bot_id, chat_id, user_id, thread_id, label, fragment)
);
INSERT INTO "tgslices_data" VALUES(1,42,7,-9223372036854775808,-9223372036854775808,X'',NULL,NULL,X'166FABC663EA089B50444A5D839627E6','form','{"item": "pizza"}',1,1782909015123456,NULL,1,NULL,NULL,0);
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
	opened_at BIGINT, 
	closed_at BIGINT, 
	after_id BIGINT, 
	due_at BIGINT, 
	limit_at BIGINT, 
	active_at BIGINT, 
	held_until BIGINT, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_keys_place UNIQUE (bot_id, chat_id, user_id, thread_id, label)
);
INSERT INTO "tgslices_keys" VALUES(1,42,7,-9223372036854775808,-9223372036854775808,X'',NULL,NULL,1,1782909015123456,NULL,1,1782909075123456,1783081815123456,NULL,NULL);
INSERT INTO "tgslices_keys" VALUES(2,42,-1001234567890,5,7,X'42032340B14DF3204A6E46ED9F44CC04',NULL,'it''s an order',1,1782909015123456,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "tgslices_keys" VALUES(3,42,8,-9223372036854775808,-9223372036854775808,X'DD4CDA1EA1AB90E1DF764079E6ECE3A7',NULL,'',0,NULL,1782909015123456,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE tgslices_ends (
	id INTEGER NOT NULL, 
	bot_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	user_id BIGINT NOT NULL, 
	thread_id BIGINT NOT NULL, 
	label BLOB NOT NULL, 
	business_connection_id TEXT, 
	qualifier TEXT, 
	reason VARCHAR(8) NOT NULL, 
	is_partial BOOLEAN NOT NULL, 
	ended_at BIGINT NOT NULL, 
	due_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "tgslices_ends" VALUES(1,42,8,-9223372036854775808,-9223372036854775808,X'DD4CDA1EA1AB90E1DF764079E6ECE3A7',NULL,'','idle',0,1782909015123456,1782909075123456);
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
	has_buttons BOOLEAN DEFAULT 0 NOT NULL, 
	media_group_id TEXT, 
	is_foreign BOOLEAN DEFAULT 0 NOT NULL, 
	state SMALLINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_messages_identity UNIQUE (key_id, chat_id, message_id, variant)
);
INSERT INTO "tgslices_messages" VALUES(1,1,7,1,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,0,1);
INSERT INTO "tgslices_messages" VALUES(2,1,7,2,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,0,0);
INSERT INTO "tgslices_messages" VALUES(3,1,7,3,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,0,1);
INSERT INTO "tgslices_messages" VALUES(4,1,7,4,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,0,1);
INSERT INTO "tgslices_messages" VALUES(5,1,7,5,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,0,0);
INSERT INTO "tgslices_messages" VALUES(6,2,-1001234567890,2,X'',7,'text','in',1782909015123456,1782909015123456,NULL,7,NULL,NULL,0,NULL,0,0);
CREATE TABLE tgslices_meta (
	name VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "tgslices_meta" VALUES('schema_version','2');
CREATE TABLE tgslices_moved_chats (
	bot_id BIGINT NOT NULL, 
	chat_id BIGINT NOT NULL, 
	PRIMARY KEY (bot_id, chat_id)
);
INSERT INTO "tgslices_moved_chats" VALUES(42,-5);
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
	has_buttons BOOLEAN DEFAULT 0 NOT NULL, 
	media_group_id TEXT, 
	claimed_at BIGINT NOT NULL, 
	due_at BIGINT NOT NULL, 
	held_until BIGINT, 
	PRIMARY KEY (id), 
	CONSTRAINT tgslices_pending_identity UNIQUE (identity)
);
INSERT INTO "tgslices_pending" VALUES(1,X'91537E2B5835BE88999D3E3A796CC31C',42,7,NULL,NULL,NULL,NULL,7,4,X'',7,'text','in',1782909015123456,1782909015123456,NULL,NULL,NULL,NULL,0,NULL,1782909015123456,1782909075123456,NULL);
CREATE INDEX tgslices_data_expiry ON tgslices_data (bot_id, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX tgslices_keys_due ON tgslices_keys (bot_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tgslices_keys_limit ON tgslices_keys (bot_id, limit_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tgslices_keys_opened ON tgslices_keys (bot_id, opened_at, id) WHERE opened_at IS NOT NULL;
CREATE INDEX tgslices_ends_due ON tgslices_ends (bot_id, due_at, id);
CREATE INDEX tgslices_ends_place ON tgslices_ends (bot_id, chat_id, user_id, thread_id, label);
CREATE INDEX tgslices_messages_foreign ON tgslices_messages (chat_id, message_id) WHERE is_foreign;
CREATE INDEX tgslices_messages_known ON tgslices_messages (recorded_at) WHERE state = 1;
CREATE INDEX tgslices_messages_business ON tgslices_messages (chat_id, message_id) WHERE business_connection_id IS NOT NULL;
CREATE INDEX tgslices_pending_message ON tgslices_pending (chat_id, message_id);
CREATE INDEX tgslices_pending_due ON tgslices_pending (bot_id, due_at, id);
COMMIT;
