-- A report as it was published: its figures, the version of the books behind them, and who did it.
-- Nothing is ever changed in it; withdrawing only stamps a time.
set role app_owner;

create table app.published_report (
    tenant_id     uuid        not null,
    id            uuid        not null default uuidv7(),
    line          text        not null,
    key           text        not null check (key ~ '^[a-z][a-z-]{1,39}$'),
    title         text        not null check (length(title) between 1 and 200),
    first_on      date        not null,
    last_on       date        not null,
    currency      text        not null check (currency ~ '^[A-Z]{3}$'),
    books_version bigint      not null,
    content       jsonb       not null check (pg_column_size(content) < 4 * 1024 * 1024),
    content_sha   bytea       not null check (length(content_sha) = 32),
    note          text        not null default '' check (length(note) <= 10000),
    published_by  uuid        not null,
    published_at  timestamptz not null default now(),
    withdrawn_by  uuid,
    withdrawn_at  timestamptz,
    primary key (tenant_id, id),
    check (first_on <= last_on),
    check ((withdrawn_by is null) = (withdrawn_at is null))
);

create index published_report_newest on app.published_report (tenant_id, published_at desc, id);
create index published_report_span on app.published_report (tenant_id, key, first_on, last_on);

call guard.protect_shared('app.published_report');
grant select on app.published_report to app_rw, app_worker;
grant select, insert on app.published_report to app_restore;

-- The doors: the line, the right and the person come from the signed context.
call guard.admit('app.published_report', 'report_door', null);
grant select, insert, update (withdrawn_by, withdrawn_at) on app.published_report to report_door;
-- showing again clears the stamp: that it was withdrawn, and by whom, stands in the log
call app.audit_table('app.published_report', array['content', 'note']);

-- SHA-256 of a document as jsonb prints it; anybody may compute it again from what is stored.
create function app.content_sha(p_content jsonb) returns bytea
language sql immutable strict set search_path = pg_catalog, pg_temp
return sha256(convert_to(p_content::text, 'UTF8'));

-- Who publishes or withdraws on a line here; a system user's job may publish only.
create function app.publisher(p_line text, p_job boolean, out tenant uuid, out who uuid)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    entered record := guard.enter(p_line);
begin
    if not entered.can_write
       or not (guard.may(p_line || '.publish') or p_job and (guard.claims()).mode = 'j') then
        raise exception 'refused: permission to publish' using errcode = '42501';
    end if;
    tenant := entered.tenant;
    who := entered.who;
end $$;

-- What is approved before a person publishes: everything that will be shown and its heading, as the
-- doors below put it together: {line, key, title, first, last, currency, books_version, content, note},
-- or of a pack {line, pack, title, narrative, first, last, reports}, each report as above.
create function app.publishing_sha(p_document jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp
return encode(app.content_sha(p_document), 'hex');
grant execute on function app.content_sha(jsonb), app.publishing_sha(jsonb)
    to report_door, app_rw, app_worker, app_restore;

-- The document that somebody asked to publish: what the decider reads under the hash of an approval.
create table app.report_proposal (
    tenant_id uuid        not null,
    id        uuid        not null default uuidv7(),
    line      text        not null,
    document  jsonb       not null check (octet_length(document::text) <= 16 * 1024 * 1024),
    sha       text        not null generated always as (app.publishing_sha(document)) stored,
    made_by   uuid        not null default guard.user_id(),
    made_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, sha),
    check (document ->> 'line' is not distinct from line)
);
call guard.protect_shared('app.report_proposal');
grant select on app.report_proposal to app_rw, app_worker;
grant insert (tenant_id, line, document) on app.report_proposal to app_rw, app_worker;
grant select, insert on app.report_proposal to app_restore;
call guard.demand('app.report_proposal', '{insert}', '{accounting.publish}');
call app.audit_table('app.report_proposal', array['document']);

create function app.demand_published_approved(p_sha text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if (guard.claims()).mode = 't' and app.approval_needed('report.publish', null, null)
       and not app.take_approval(null, 'report.publish', p_sha, null, null) then
        raise exception 'approval-needed' using errcode = 'BO409';
    end if;
end $$;

create function app.publish_report(
    p_line text, p_key text, p_title text, p_first date, p_last date, p_currency text,
    p_books_version bigint, p_content jsonb, p_note text
) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    door record := app.publisher(p_line, true);
    made uuid;
begin
    perform app.demand_published_approved(app.publishing_sha(jsonb_build_object(
        'line', p_line, 'key', p_key, 'title', p_title, 'first', p_first, 'last', p_last,
        'currency', p_currency, 'books_version', p_books_version, 'content', p_content,
        'note', p_note)));
    insert into app.published_report (tenant_id, line, key, title, first_on, last_on, currency,
                                      books_version, content, content_sha, note, published_by)
    values (door.tenant, p_line, p_key, p_title, p_first, p_last, p_currency,
            p_books_version, p_content, app.content_sha(p_content), p_note, door.who)
    returning id into made;
    return made;
end $$;

create function app.withdraw_report(p_line text, p_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    door record := app.publisher(p_line, false);
begin
    update app.published_report r
       set withdrawn_by = door.who, withdrawn_at = statement_timestamp()
     where r.tenant_id = door.tenant and r.id = p_id and r.line = p_line
       and r.withdrawn_at is null and r.pack_id is null;   -- a pack goes as a whole
    if not found then
        raise exception 'not-found' using errcode = 'BO404';
    end if;
end $$;

reset role;

alter function app.publisher(text, boolean) owner to report_door;
alter function app.demand_published_approved(text) owner to report_door;
alter function app.publish_report(text, text, text, date, date, text, bigint, jsonb, text)
    owner to report_door;
alter function app.withdraw_report(text, uuid) owner to report_door;
revoke execute on function
    app.publish_report(text, text, text, date, date, text, bigint, jsonb, text),
    app.withdraw_report(text, uuid), app.publisher(text, boolean), app.content_sha(jsonb),
    app.publishing_sha(jsonb), app.demand_published_approved(text)
    from public;
grant execute on function
    app.publish_report(text, text, text, date, date, text, bigint, jsonb, text),
    app.withdraw_report(text, uuid) to app_rw, app_worker;
