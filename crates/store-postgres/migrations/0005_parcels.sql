-- Orders are looked for by the numbers of their parcels, in small letters and without the spaces that they are printed with. An order
-- without a parcel is not in it, and costs nothing when it is placed.
CREATE INDEX orders_by_tracking ON orders (replace(lower((tracking ->> 'number') COLLATE "C"), ' ', '')) WHERE tracking IS NOT NULL;
