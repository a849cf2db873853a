-- Whether the end of a case waits for the merchant. Written with each event of the case; rows of
-- before are right again with their next one.
alter table recovery_cases add column needs_you boolean not null default false;
-- Few cases need anybody: the index stays small, and the list that it serves is never searched.
create index recovery_cases_needs_you on recovery_cases (merchant_id, opened_at desc, case_id desc)
    where needs_you;
