-- Customers' word that they may be texted about what a case is about. The number stands here and
-- nowhere else: not in the case's events, and not any more once the case is closed or the word was
-- taken back. Its SHA-256 stays, by which an answer of STOP finds those whom it concerns.
create table text_consents (
    merchant_id uuid not null references merchants,
    case_id uuid not null,
    consent_id bigint generated always as identity,
    number text check (number ~ '^\+[1-9][0-9]{6,14}$'),
    number_hash bytea not null check (length(number_hash) = 32),
    by text not null check (by in ('customer', 'merchant')),
    wording text not null,
    given_at timestamptz not null,
    withdrawn_at timestamptz,
    primary key (merchant_id, case_id, consent_id),
    foreign key (merchant_id, case_id) references recovery_cases (merchant_id, case_id),
    check (withdrawn_at is null or number is null)
);
create unique index text_consents_standing
    on text_consents (merchant_id, case_id) where withdrawn_at is null;
create index text_consents_of_number on text_consents (number_hash);

alter table text_consents enable row level security;
alter table text_consents force row level security;
create policy of_owner on text_consents to chargechase_owner using (true) with check (true);
create policy of_merchant on text_consents to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);
-- A STOP names no merchant: the system finds whose it is by the hash, and sees no number.
create policy of_system on text_consents for select to chargechase_system using (true);

grant select, insert on text_consents to chargechase_app;
grant update (number, withdrawn_at) on text_consents to chargechase_app;
grant select (merchant_id, case_id, consent_id, number_hash) on text_consents to chargechase_system;
