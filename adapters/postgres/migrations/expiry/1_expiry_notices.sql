-- Notices of cards that will have expired when a subscription renews: one for each card and expiry,
-- `notice_id` is made of both. `token_hash` opens the page on which the customer changes the card.
create table expiry_notices (
    merchant_id uuid not null references merchants,
    notice_id uuid not null,
    account text not null,
    customer_id text not null,
    subscription_id text not null,
    payment_method text not null,
    expires text not null,
    renews_at timestamptz not null,
    token_hash bytea not null,
    link_until timestamptz not null,
    state text not null check (state in ('begun', 'sent', 'failed', 'refused')),
    begun_at timestamptz not null,
    sent_at timestamptz,
    primary key (merchant_id, notice_id),
    constraint expiry_notices_token unique (token_hash)
);
-- They count against the same budget as the messages of a case.
create index expiry_notices_of_customer
    on expiry_notices (merchant_id, account, customer_id, begun_at)
    where state in ('begun', 'sent');
