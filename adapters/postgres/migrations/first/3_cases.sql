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
    paid_minor bigint not null default 0,  -- parts of the invoice, before all of it
    recovered_minor bigint not null default 0,
    returned_minor bigint not null default 0,  -- of it, by refunds and disputes
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
    segment text,
    arm text,
    held_out boolean not null default false,
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

-- What each change was decided on, so that it can be decided again: the commands, the versions of
-- policy and knowledge, the circumstances. `version` is the case's before the change.
create table case_decisions (
    merchant_id uuid not null,
    case_id uuid not null,
    version integer not null,
    at timestamptz not null,
    policy_version integer not null,
    knowledge_version integer not null,
    body jsonb not null,
    primary key (merchant_id, case_id, version),
    foreign key (merchant_id, case_id) references recovery_cases,
    foreign key (merchant_id, policy_version) references policies
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
    account text not null,
    customer_id text,  -- whose contact budget it counts against
    step integer not null,
    subject text not null,
    state text not null check (state in ('begun', 'sent', 'failed')),
    begun_at timestamptz not null,
    sent_at timestamptz,
    primary key (merchant_id, message_id),
    constraint messages_one_per_step unique (merchant_id, case_id, step),
    foreign key (merchant_id, case_id) references recovery_cases
);
create index messages_of_customer on messages (merchant_id, account, customer_id, begun_at)
    where state <> 'failed';

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

-- What became of charges and messages, to be learned from; no personal data. `learned_in` is the
-- version of the merchant's knowledge that has it.
create table lessons (
    merchant_id uuid not null references merchants,
    lesson_id bigint generated always as identity,
    at timestamptz not null,
    body jsonb not null,
    learned_in integer,
    primary key (merchant_id, lesson_id)
);
create index lessons_fresh on lessons (merchant_id, lesson_id) where learned_in is null;

-- Knowledge, one immutable version each: `own` is what this merchant's outcomes taught, `body` is
-- that above everybody's, and what decisions read.
create table knowledge (
    merchant_id uuid not null references merchants,
    version integer not null check (version > 0),
    own bytea not null,
    body bytea not null,
    made_at timestamptz not null,
    primary key (merchant_id, version)
);
create index knowledge_made on knowledge (merchant_id, made_at);

-- What the merchants that agreed have taught together: counts, and nobody's name. A merchant adds
-- to one part and reads the others, so that it does not hear itself twice.
create table knowledge_pool (
    part smallint primary key,
    body bytea not null,
    made_at timestamptz not null
);
