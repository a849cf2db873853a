-- The app writes what is sealed and cannot read it; the system, which calls Stripe and checks its
-- signatures, reads it, and may seal it anew.
revoke select on stripe_accounts from chargechase_app;
grant select (
    merchant_id, account, livemode, own, connected_at, access, name, country, currency, missing,
    denied, checked_at, refused_at, endpoint_id, endpoint_stripe_id, last_event_at
) on stripe_accounts to chargechase_app;
grant delete on stripe_accounts to chargechase_app;
grant update (key_sealed, endpoint_secrets_sealed, last_event_at) on stripe_accounts
    to chargechase_system;

alter table connect_agreements enable row level security;
alter table connect_agreements force row level security;
create policy of_owner on connect_agreements to chargechase_owner using (true) with check (true);
create policy of_system on connect_agreements to chargechase_system using (true) with check (true);
grant select, insert, delete on connect_agreements to chargechase_system;
