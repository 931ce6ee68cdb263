-- The typeset file of a published pack: made once by a job from what is stored, never changed.
set role app_owner;

create table app.published_pack_file (
    tenant_id        uuid        not null,
    id               uuid        not null default uuidv7(),
    publication_id   uuid        not null,
    line             text        not null,
    stored_object_id uuid        not null,
    made_at          timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, publication_id),
    foreign key (tenant_id, publication_id) references app.published_pack (tenant_id, id),
    foreign key (tenant_id, stored_object_id) references app.stored_object (tenant_id, id)
);
create index published_pack_file_object on app.published_pack_file (tenant_id, stored_object_id);

call guard.protect_shared('app.published_pack_file');
grant select on app.published_pack_file to app_rw, app_worker;
grant insert (tenant_id, publication_id, line, stored_object_id)
    on app.published_pack_file to app_worker;
grant select, insert on app.published_pack_file to app_restore;
-- whoever publishes orders it, and whoever may take it where it is missing
call guard.demand('app.published_pack_file', '{insert}', '{accounting.publish,accounting.export}');
call app.audit_table('app.published_pack_file');
-- the file belongs to a pack of the same line
create policy of_pack on app.published_pack_file as restrictive for insert to app_rw, app_worker
    with check ((select guard.tenant_id()) = tenant_id
        and exists (select from app.published_pack p
                         where p.tenant_id = published_pack_file.tenant_id
                           and p.id = published_pack_file.publication_id
                           and p.line = published_pack_file.line));
reset role;
