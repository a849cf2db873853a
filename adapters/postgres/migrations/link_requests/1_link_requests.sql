-- Customers whose link has expired and who asked for a fresh one: one request a case and day.
create table link_requests (
    merchant_id uuid not null references merchants,
    case_id uuid not null,
    asked_on date not null,
    account text not null,
    asked_at timestamptz not null,
    state text not null check (state in ('waiting', 'begun', 'sent', 'refused')),
    primary key (merchant_id, case_id, asked_on),
    foreign key (merchant_id, case_id) references recovery_cases (merchant_id, case_id)
);
create index link_requests_waiting on link_requests (merchant_id, account, asked_at)
    where state = 'waiting';

alter table link_requests enable row level security;
alter table link_requests force row level security;
create policy of_owner on link_requests to chargechase_owner using (true) with check (true);
create policy of_merchant on link_requests to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

grant select, insert, update on link_requests to chargechase_app;
