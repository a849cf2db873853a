-- How a message went.
alter table messages add column channel text not null default 'email'
    check (channel in ('email', 'sms'));
