-- What a person of the merchant's team is asked to do. Of one kind and subject one is open at most.
-- `done_by` is null where the cause went away by itself.
create table tasks (
    merchant_id uuid not null references merchants,
    task_id uuid not null,
    kind text not null check (kind in (
        'large_amount', 'something_wrong', 'dead_address', 'complaint', 'confirm_end',
        'capability_missing'
    )),
    subject text not null check (length(subject) <= 200),
    about text not null check (length(about) <= 500),
    case_id uuid,
    amount_minor bigint,
    currency text,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    assignee uuid,
    done_at timestamptz,
    done_by uuid,
    primary key (merchant_id, task_id),
    foreign key (merchant_id, case_id) references recovery_cases (merchant_id, case_id),
    foreign key (merchant_id, assignee) references memberships (merchant_id, user_id)
        on delete set null (assignee)
);
create unique index tasks_open_once on tasks (merchant_id, kind, subject) where done_at is null;
create index tasks_open on tasks (merchant_id, due_at, task_id) where done_at is null;
create index tasks_done on tasks (merchant_id, done_at desc, task_id desc) where done_at is not null;
create index tasks_of_case on tasks (merchant_id, case_id);

-- The numbers of the hand-off, once a merchant has changed them, and where tasks are posted: the
-- secret part of the webhook's address, sealed.
create table hand_off (
    merchant_id uuid not null references merchants,
    rules jsonb,
    slack_sealed bytea,
    slack_since timestamptz,
    slack_gone_at timestamptz,
    changed_at timestamptz not null,
    primary key (merchant_id)
);

-- Who is mailed of every task.
alter table memberships add column hears_tasks boolean not null default false;

-- What somebody of the team is to hear: of one task, or (without one) of a morning's overdue ones.
create table team_notices (
    merchant_id uuid not null references merchants,
    notice_id uuid not null,
    occasion text not null check (occasion in ('new', 'assigned', 'overdue')),
    channel text not null check (channel in ('mail', 'slack')),
    user_id uuid,
    task_id uuid,
    put_at timestamptz not null,
    next_at timestamptz not null,
    tries integer not null default 0,
    told_at timestamptz,
    failed_at timestamptz,
    error text,
    primary key (merchant_id, notice_id),
    check ((channel = 'mail') = (user_id is not null)),
    check ((occasion = 'overdue') = (task_id is null)),
    foreign key (merchant_id, task_id) references tasks (merchant_id, task_id),
    foreign key (merchant_id, user_id) references memberships (merchant_id, user_id)
        on delete cascade
);
create index team_notices_waiting on team_notices (merchant_id, next_at)
    where told_at is null and failed_at is null;

-- By this an address that no letter reaches is found again: of that address only the hash is kept.
alter table customers add column email_hash bytea;
update customers set email_hash = sha256(convert_to(lower(btrim(email)), 'UTF8'))
where email is not null;
