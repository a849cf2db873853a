-- What is done for a whole account, a step at a time. `leased_until` says that somebody works on
-- it; `retry_at` that it rests until then
-- although it may be due. `put_at` is when the chore was asked for.
create table account_chores (
    merchant_id uuid not null references merchants,
    account text not null,
    kind text not null,
    due_at timestamptz not null,
    leased_until timestamptz,
    retry_at timestamptz,
    tries integer not null default 0,
    error text,
    turn integer not null default 0,
    cursor jsonb,
    done bigint not null default 0,
    of_about bigint,
    found bigint not null default 0,
    found_ever bigint not null default 0,
    put_at timestamptz not null,
    running boolean not null default false,  -- in the middle of a run
    began_at timestamptz,
    last_ok_at timestamptz,
    finished_at timestamptz,
    primary key (merchant_id, account, kind)
) with (fillfactor = 50);
create index account_chores_due on account_chores (due_at) where finished_at is null;

-- What failed and ended before the account was connected: the events that a past case is made of.
create table past_cases (
    merchant_id uuid not null references merchants,
    case_id uuid not null,  -- as a case of the same invoice would be called
    account text not null,
    invoice_id text not null,
    ended_at timestamptz not null,
    body jsonb not null,
    primary key (merchant_id, case_id)
);

-- Open invoices that had failed before the account was connected: cases open when the merchant
-- says so.
create table offered_invoices (
    merchant_id uuid not null references merchants,
    account text not null,
    invoice_id text not null,
    amount_minor bigint not null,
    currency text not null,
    failed_at timestamptz not null,
    family text not null,
    primary key (merchant_id, account, invoice_id)
);
