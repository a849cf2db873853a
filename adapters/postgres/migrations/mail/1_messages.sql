-- A server that was given a text and never answered may have sent it: such a letter is as good as
-- sent, and never handed over again.
alter table messages drop constraint messages_state_check;
alter table messages add constraint messages_state_check
    check (state in ('begun', 'sent', 'unanswered', 'failed'));
alter table expiry_notices drop constraint expiry_notices_state_check;
alter table expiry_notices add constraint expiry_notices_state_check
    check (state in ('begun', 'sent', 'unanswered', 'failed', 'refused'));
drop index expiry_notices_of_customer;
create index expiry_notices_of_customer
    on expiry_notices (merchant_id, account, customer_id, begun_at)
    where state in ('begun', 'sent', 'unanswered');
