-- An entry that somebody else approves before it is posted.
set role app_owner;
insert into app.approval_kind (kind, side, needed, fresh) values ('entry.post', 'provider', 1, false)
  on conflict do nothing;
reset role;
