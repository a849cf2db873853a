-- To whom a letter went, so that its link speaks for that address and for no other. None for
-- letters of before.
alter table links add column address_hash bytea check (length(address_hash) = 32);
alter table expiry_notices add column address_hash bytea check (length(address_hash) = 32);
grant select (address_hash) on expiry_notices to chargechase_system;
