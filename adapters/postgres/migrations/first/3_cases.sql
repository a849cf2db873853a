-- What lists read. Derived from the events, written in their transaction.
create table recovery_cases (
    merchant_id uuid not null references merchants,
    case_id uuid not null,
    version integer not null,
    account text not null,
    invoice_id text not null,
    number text,
    customer_id text,
    subscription_id text,
    amount_minor bigint not null,
    currency text not null,
    recovered_minor bigint not null default 0,
    policy_version integer not null,
    phase text not null,
    ask text,
    family text,
    card jsonb,
    marks jsonb not null,
    opened_at timestamptz not null,
    closes_at timestamptz not null,
    closed_at timestamptz,
    changed_at timestamptz not null,
    next_attempt_at timestamptz,
    reminder_at timestamptz,
    primary key (merchant_id, case_id),
    constraint recovery_cases_one_per_invoice unique (merchant_id, account, invoice_id),
    foreign key (merchant_id, policy_version) references policies,
    check ((closed_at is not null) = (phase in ('recovered', 'lost', 'stopped')))
) with (fillfactor = 80);
create index recovery_cases_newest on recovery_cases (merchant_id, opened_at desc, case_id desc);
create index recovery_cases_phase
    on recovery_cases (merchant_id, phase, opened_at desc, case_id desc);
create index recovery_cases_of_customer
    on recovery_cases (merchant_id, account, customer_id, opened_at) where closed_at is null;
create index recovery_cases_of_subscription
    on recovery_cases (merchant_id, account, subscription_id, opened_at) where closed_at is null;

-- The truth about a case. Its key is what makes two writers of one version impossible.
create table case_events (
    merchant_id uuid not null,
    case_id uuid not null,
    version integer not null,
    at timestamptz not null,
    type text not null,
    body jsonb not null,
    primary key (merchant_id, case_id, version),
    foreign key (merchant_id, case_id) references recovery_cases
);

-- One row for each charge seen, whoever made it: what the networks count.
create table payment_attempts (
    merchant_id uuid not null,
    case_id uuid not null,
    attempt_id text not null,  -- ours: case:number; others': the charge's id
    account text not null,
    invoice_id text not null,
    number integer,
    charge_id text,
    by text not null,
    fingerprint text,
    brand text,
    amount_minor bigint not null,
    currency text not null,
    state text not null
        check (state in ('in_flight', 'unclear', 'declined', 'succeeded', 'abandoned')),
    family text,
    started_at timestamptz not null,
    resolved_at timestamptz,
    primary key (merchant_id, attempt_id),
    foreign key (merchant_id, case_id) references recovery_cases,
    check ((number is not null) = (by = 'chargechase' and attempt_id = case_id || ':' || number))
);
create unique index payment_attempts_one_on_its_way
    on payment_attempts (merchant_id, invoice_id) where state in ('in_flight', 'unclear');
create unique index payment_attempts_charge on payment_attempts (merchant_id, charge_id);
create index payment_attempts_of_case on payment_attempts (merchant_id, case_id);
create index payment_attempts_of_card on payment_attempts (merchant_id, fingerprint)
    where state in ('in_flight', 'unclear', 'declined');

-- The one next action of each open case. Half of each page stays free and no index knows the
-- lease, so that claiming a row rewrites neither an index nor another page (a HOT update).
create table scheduled_actions (
    merchant_id uuid not null,
    action_id uuid not null,
    case_id uuid not null,
    account text not null,
    kind text not null,
    number integer not null,
    due_at timestamptz not null,
    leased_until timestamptz,
    tries integer not null default 0,
    dead_at timestamptz,
    error text,
    primary key (merchant_id, action_id),
    constraint scheduled_actions_one_per_case unique (merchant_id, case_id),
    foreign key (merchant_id, case_id) references recovery_cases
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index scheduled_actions_due on scheduled_actions (due_at, action_id) where dead_at is null;
create index scheduled_actions_dead on scheduled_actions (dead_at) where dead_at is not null;

create table messages (
    merchant_id uuid not null,
    message_id text not null,
    case_id uuid not null,
    step integer not null,
    subject text not null,
    state text not null check (state in ('begun', 'sent')),
    sent_at timestamptz,
    primary key (merchant_id, message_id),
    constraint messages_one_per_step unique (merchant_id, case_id, step),
    foreign key (merchant_id, case_id) references recovery_cases
);

create table links (
    merchant_id uuid not null,
    token_hash bytea not null,
    case_id uuid not null,
    expires_at timestamptz not null,
    primary key (merchant_id, token_hash),
    constraint links_token unique (token_hash),
    foreign key (merchant_id, case_id) references recovery_cases
);

create table audit_log (
    merchant_id uuid not null references merchants,
    audit_id bigint generated always as identity,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    before jsonb not null,
    after jsonb not null,
    primary key (merchant_id, audit_id)
);
create index audit_log_of_subject on audit_log (merchant_id, subject, audit_id);
