-- What customers say is wrong, in their own words; that their case rests stands in its events.
create table reports (
    merchant_id uuid not null references merchants,
    case_id uuid not null,
    report_id bigint generated always as identity,
    at timestamptz not null,
    about text not null check (about in ('cancelled', 'unknown', 'amount', 'other')),
    words text not null check (length(words) <= 1000),
    primary key (merchant_id, case_id, report_id),
    foreign key (merchant_id, case_id) references recovery_cases (merchant_id, case_id)
);

alter table reports enable row level security;
alter table reports force row level security;
create policy of_owner on reports to chargechase_owner using (true) with check (true);
create policy of_merchant on reports to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

grant select, insert on reports to chargechase_app;
