-- A customer's word that another card of theirs may be charged for the bill of a case. A word that
-- was taken back keeps its row, and one that is given again begins another.
create table backup_consents (
    merchant_id uuid not null,
    case_id uuid not null,
    payment_method text not null,
    given_at timestamptz not null,
    wording text not null,
    card jsonb not null,
    withdrawn_at timestamptz,
    primary key (merchant_id, case_id, payment_method, given_at),
    foreign key (merchant_id, case_id) references recovery_cases
);
create unique index backup_consents_standing
    on backup_consents (merchant_id, case_id, payment_method) where withdrawn_at is null;

alter table backup_consents enable row level security;
alter table backup_consents force row level security;
create policy of_owner on backup_consents to chargechase_owner using (true) with check (true);
create policy of_merchant on backup_consents to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

grant select, insert on backup_consents to chargechase_app;
grant update (withdrawn_at) on backup_consents to chargechase_app;
