-- A role that the matrix (domain/access.py) does not know would be refused everywhere.
alter table memberships add constraint memberships_role
    check (role in ('owner', 'admin', 'operator', 'analyst', 'viewer'));
