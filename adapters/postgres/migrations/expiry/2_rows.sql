-- As in the first landing: the app sees the merchant it named; the system finds a link by its
-- secret, and nothing else.
alter table expiry_notices enable row level security;
alter table expiry_notices force row level security;
create policy of_owner on expiry_notices to chargechase_owner using (true) with check (true);
create policy of_merchant on expiry_notices to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);
create policy of_system on expiry_notices to chargechase_system using (true) with check (true);

grant select, insert, update on expiry_notices to chargechase_app;
grant select (merchant_id, account, customer_id, subscription_id, begun_at, token_hash, link_until)
    on expiry_notices to chargechase_system;
