-- Mail out: the row is written with the business; a job renders and sends it. A retry repeats the
-- same Message-ID. A body with a secret is kept sealed only. Only jobs write mail: a page tells them
-- by an event, so that nobody sends the provider's letters with words of their own.
set role app_owner;
create table app.mail_message (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  line text not null,
  to_person uuid,
  to_address text check (length(to_address) <= 320),
  template text not null check (length(template) <= 80),
  params jsonb not null default '{}' check (pg_column_size(params) <= 65536),
  locale text not null default 'en' check (length(locale) <= 20),
  message_id text not null check (length(message_id) <= 200),
  replies boolean not null default false,                -- a reply to it is taken in (mail_replies)
  state text not null default 'queued' check (state in ('queued', 'sent', 'kept', 'failed', 'overtaken')),
  subject text check (length(subject) <= 500),
  body_text text,
  body_html text,
  sealed bytea,                    -- in place of both bodies where they hold a secret
  made_at timestamptz not null default now(),
  sent_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, message_id),
  check (to_person is not null or to_address is not null)
);
create index mail_message_recent on app.mail_message (tenant_id, id desc);
call guard.protect_shared('app.mail_message');
grant select on app.mail_message to app_rw, app_worker;
grant insert (tenant_id, id, line, to_person, to_address, template, params, locale, message_id, replies,
  subject, sealed) on app.mail_message to app_worker;
grant update (state, sent_at, to_address, subject, body_text, body_html) on app.mail_message to app_worker;
grant select, insert, update, delete on app.mail_message to app_restore;
reset role;
