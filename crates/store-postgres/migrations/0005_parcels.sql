-- Orders are looked for by the numbers of their parcels, in small letters and without the spaces that they are printed with. An order
-- without a parcel is not in it, and costs nothing when it is placed.
CREATE INDEX orders_by_tracking ON orders (replace(lower((tracking ->> 'number') COLLATE "C"), ' ', '')) WHERE tracking IS NOT NULL;

-- The open sessions of an account, the one used longest ago first: whoever signs in for each request leaves very many that have ended.
CREATE INDEX sessions_open ON sessions (account_id, last_used_at, id) WHERE ended_at IS NULL;

-- The products of a category in each order: however few it has, none of the others are looked at for them.
DROP INDEX products_by_category;
CREATE INDEX products_by_category_and_age ON products (category_id, created_at, id);
CREATE INDEX products_by_category_and_price ON products (category_id, price_min, id);
CREATE INDEX products_by_category_and_title ON products (category_id, title_fold, id);

-- The reviews of a product by their stars, and how many of them have how many: a product may have very many.
CREATE INDEX reviews_by_stars ON reviews (product_id, status, stars, id);
