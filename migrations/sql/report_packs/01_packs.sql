-- Packs: several reports published as one, with words. A draft changes until it is published;
-- what is published is never changed, withdrawing only stamps a time.
set role app_owner;

create table app.report_pack (
    tenant_id  uuid        not null,
    id         uuid        not null default uuidv7(),
    line       text        not null,
    title      text        not null check (length(title) between 1 and 200),
    narrative  text        not null default '' check (length(narrative) <= 20000),
    first_on   date        not null,
    last_on    date        not null,
    -- [{key, cmp, share, words}] in their order
    parts      jsonb       not null check (jsonb_typeof(parts) = 'array'
                                           and jsonb_array_length(parts) between 1 and 40
                                           and pg_column_size(parts) < 512 * 1024),
    version    integer     not null default 1,
    made_by    uuid        not null default guard.user_id(),
    made_at    timestamptz not null default now(),
    removed_at timestamptz,
    primary key (tenant_id, id),
    check (first_on <= last_on)
);
create index report_pack_newest on app.report_pack (tenant_id, last_on desc, id desc)
    where removed_at is null;

call guard.protect_shared('app.report_pack');
grant select on app.report_pack to app_rw, app_worker;
grant insert (tenant_id, id, line, title, narrative, first_on, last_on, parts),
      update (title, narrative, first_on, last_on, parts, version, removed_at)
    on app.report_pack to app_rw, app_worker;
grant select, insert on app.report_pack to app_restore;
call guard.demand('app.report_pack', '{insert,update}', '{accounting.publish}');
call app.audit_table('app.report_pack');

create table app.published_pack (
    tenant_id     uuid        not null,
    id            uuid        not null default uuidv7(),
    line          text        not null,
    pack_id       uuid        not null,
    title         text        not null check (length(title) between 1 and 200),
    narrative     text        not null default '' check (length(narrative) <= 20000),
    first_on      date        not null,
    last_on       date        not null,
    books_version bigint      not null,
    content_sha   bytea       not null check (length(content_sha) = 32),
    published_by  uuid        not null,
    published_at  timestamptz not null default now(),
    withdrawn_by  uuid,
    withdrawn_at  timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, pack_id) references app.report_pack (tenant_id, id),
    check (first_on <= last_on),
    check ((withdrawn_by is null) = (withdrawn_at is null))
);
create index published_pack_newest on app.published_pack (tenant_id, published_at desc, id);
create index published_pack_of on app.published_pack (tenant_id, pack_id, published_at desc);

call guard.protect_shared('app.published_pack');
grant select on app.published_pack to app_rw, app_worker;
grant select, insert on app.published_pack to app_restore;

alter table app.published_report
    add column pack_id  uuid,
    add column position smallint,
    add check ((pack_id is null) = (position is null)),
    add foreign key (tenant_id, pack_id) references app.published_pack (tenant_id, id);
create unique index published_report_of_pack on app.published_report (tenant_id, pack_id, position)
    where pack_id is not null;

-- The doors: line, right and person come from the signed context, the hash from the content.
call guard.admit('app.report_pack', 'report_door', null);
call guard.admit('app.published_pack', 'report_door', null);
grant select on app.report_pack to report_door;
grant select, insert, update (withdrawn_by, withdrawn_at) on app.published_pack to report_door;
call app.audit_table('app.published_pack', array['narrative']);

-- Publishes a draft with its reports, [{key, title, first, last, currency, books_version, content,
-- note}] in their order. The pack's hash covers its words and the hash of each report.
create function app.publish_pack(p_line text, p_pack uuid, p_version integer, p_reports jsonb)
returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    door record := app.publisher(p_line, true);
    draft app.report_pack;
    made uuid := uuidv7();
begin
    select * into draft from app.report_pack p
     where p.tenant_id = door.tenant and p.id = p_pack and p.line = p_line
       and p.removed_at is null;
    if not found then
        raise exception 'not-found' using errcode = 'BO404';
    elsif draft.version <> p_version then
        raise exception 'somebody-else-was-first' using errcode = 'BO409';
    end if;
    perform app.demand_published_approved(app.publishing_sha(jsonb_build_object(
        'line', p_line, 'pack', p_pack, 'title', draft.title, 'narrative', draft.narrative,
        'first', draft.first_on, 'last', draft.last_on, 'reports', p_reports)));
    insert into app.published_pack (tenant_id, id, line, pack_id, title, narrative, first_on,
                                    last_on, books_version, content_sha, published_by)
    select door.tenant, made, p_line, p_pack, draft.title, draft.narrative, draft.first_on,
           draft.last_on, min((r.value ->> 'books_version')::bigint),
           app.content_sha(jsonb_build_object(
               'title', draft.title, 'narrative', draft.narrative,
               'first', draft.first_on, 'last', draft.last_on,
               'reports', jsonb_agg(encode(app.content_sha(r.value -> 'content'), 'hex')
                                    order by r.ordinality))),
           door.who
      from jsonb_array_elements(p_reports) with ordinality r;
    insert into app.published_report (tenant_id, line, key, title, first_on, last_on, currency,
                                      books_version, content, content_sha, note, published_by,
                                      pack_id, position)
    select door.tenant, p_line, r.value ->> 'key', r.value ->> 'title',
           (r.value ->> 'first')::date, (r.value ->> 'last')::date, r.value ->> 'currency',
           (r.value ->> 'books_version')::bigint, r.value -> 'content',
           app.content_sha(r.value -> 'content'), coalesce(r.value ->> 'note', ''), door.who,
           made, r.ordinality
      from jsonb_array_elements(p_reports) with ordinality r;
    return made;
end $$;

create function app.withdraw_pack(p_line text, p_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    door record := app.publisher(p_line, false);
begin
    update app.published_pack p
       set withdrawn_by = door.who, withdrawn_at = statement_timestamp()
     where p.tenant_id = door.tenant and p.id = p_id and p.line = p_line
       and p.withdrawn_at is null;
    if not found then
        raise exception 'not-found' using errcode = 'BO404';
    end if;
    update app.published_report r
       set withdrawn_by = door.who, withdrawn_at = statement_timestamp()
     where r.tenant_id = door.tenant and r.pack_id = p_id and r.withdrawn_at is null;
end $$;

-- Takes back the withdrawing of a pack with its reports, or of a report alone.
create function app.show_again(p_line text, p_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    door record := app.publisher(p_line, false);
    shown boolean;
begin
    update app.published_pack p set withdrawn_by = null, withdrawn_at = null
     where p.tenant_id = door.tenant and p.id = p_id and p.line = p_line
       and p.withdrawn_at is not null;
    shown := found;
    update app.published_report r set withdrawn_by = null, withdrawn_at = null
     where r.tenant_id = door.tenant and r.line = p_line and r.withdrawn_at is not null
       and (shown and r.pack_id = p_id or r.id = p_id and r.pack_id is null);
    if not (shown or found) then
        raise exception 'not-found' using errcode = 'BO404';
    end if;
end $$;

reset role;

alter function app.publish_pack(text, uuid, integer, jsonb) owner to report_door;
alter function app.withdraw_pack(text, uuid) owner to report_door;
alter function app.show_again(text, uuid) owner to report_door;
revoke execute on function
    app.publish_pack(text, uuid, integer, jsonb), app.withdraw_pack(text, uuid),
    app.show_again(text, uuid) from public;
grant execute on function
    app.publish_pack(text, uuid, integer, jsonb), app.withdraw_pack(text, uuid),
    app.show_again(text, uuid)
    to app_rw, app_worker;
