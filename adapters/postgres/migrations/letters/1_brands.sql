-- How a merchant looks to its customers. A logo is what we drew anew from somebody's file.
create table brand_logos (
    merchant_id uuid not null references merchants,
    digest text not null check (digest ~ '^[0-9a-f]{64}$'),
    width integer not null check (width between 1 and 1200),
    height integer not null check (height between 1 and 400),
    picture bytea not null check (length(picture) <= 61440),
    added_at timestamptz not null,
    primary key (merchant_id, digest)
);

create table brands (
    merchant_id uuid primary key references merchants,
    colour text not null check (colour ~ '^(#[0-9a-f]{6})?$'),
    display_name text not null check (length(display_name) <= 60),
    sender_name text not null check (length(sender_name) <= 60),
    reply_to text not null check (length(reply_to) <= 254),
    footer text not null check (length(footer) <= 200),
    legal_address text not null check (length(legal_address) <= 300),
    support_email text not null check (length(support_email) <= 254),
    support_url text not null check (support_url = '' or support_url like 'https://%'),
    logo_digest text,
    changed_at timestamptz not null,
    foreign key (merchant_id, logo_digest) references brand_logos
);
