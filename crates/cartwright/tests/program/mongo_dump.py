"""Writes a shop of the Express and Mongoose kind as mongodump and mongoexport do: FOLDER/dump/shop/*.bson and FOLDER/json/*.json.

Usage: mongo_dump.py FOLDER HASH_2B HASH_2A
"""

import datetime
import gzip
import os
import sys

import bson
from bson import json_util

folder, hash_2b, hash_2a = sys.argv[1:]


def oid(kind, number):
    return bson.ObjectId("64f0%04x%016x" % (kind, number))


def when(days):
    return datetime.datetime(2024, 3, 1, 9, 30, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=days)


users = [
    {
        "_id": oid(1, n),
        "name": "User %d" % n,
        "email": "User%d@old.example" % n,
        "emailVerified": n % 5 != 0,
        "password": hash_2b if n % 2 else hash_2a,
        "address": "%d High Street, 1234%d Springfield" % (n, n % 10),
        "phnumber": 491701000000 + n if n % 3 else "+49 170 1000%03d" % n,
        "isAdmin": n == 1,
        "createdAt": when(n / 10),
        "__v": 0,
    }
    for n in range(1, 121)
]
categories = [
    {"_id": oid(2, n), "name": "Category %d" % n, "products": [oid(3, m) for m in range(1, 41) if m % 4 == n % 4]}
    for n in range(1, 5)
]
products = [
    {
        "_id": oid(3, n),
        "name": "Product %d" % n,
        "description": "<p>What it is.</p><script>alert(1)</script>",
        "primaryImage": "https://old.example/%d.jpg" % n,
        "secondaryImages": ["uploads/%d-2.jpg" % n],
        "price": "%d.50" % (10 + n),
        "sale": "9.99" if n % 10 == 0 else "0",
        "quantity": n,
        "category": oid(2, n % 4 or 4),
        "reviews": [
            {"_id": oid(6, n * 100 + m), "user": oid(1, m), "text": "Review %d" % m, "rating": 1 + m % 5}
            for m in range(1, 1 + n % 4)
        ],
    }
    for n in range(1, 41)
]
orders = [
    {
        "_id": oid(4, n),
        "buyer": oid(1, 1 + n % 100),
        "products": [
            {"productId": oid(3, 1 + n % 40), "quantity": 1 + n % 3},
            {"productId": oid(3, 1 + (n + 7) % 40), "quantity": 1},
        ],
        "totalprice": round(17.35 * (1 + n % 9), 2) if n % 2 else 20 + n,
        "status": ["pending", "shipped", "delivered", "cancel"][n % 4],
        "address": "%d High Street, Springfield" % n,
        "createdAt": when(100 + n),
    }
    for n in range(1, 151)
]
wishlists = [{"_id": oid(5, n), "user": oid(1, n), "products": [oid(3, m) for m in range(1, 1 + n % 5)]} for n in range(1, 31)]

# What is wrong in real shops.
users += [
    {"_id": oid(1, 900), "name": "Twice", "email": "USER7@old.example", "password": hash_2b, "isAdmin": False},
    {"_id": oid(1, 901), "name": "No address", "email": "nonsense", "password": hash_2b, "isAdmin": False},
    {"_id": oid(1, 902), "name": "Odd password", "email": "odd@old.example", "password": "plain text", "isAdmin": True},
]
products += [
    {"_id": oid(3, 900), "name": "Negative", "price": "5", "sale": "", "quantity": -4, "category": None, "reviews": []},
    {"_id": oid(3, 901), "name": "Priceless", "price": "ask us", "sale": "0", "quantity": 1, "category": oid(2, 77), "reviews": []},
]
orders += [
    {"_id": oid(4, 900), "buyer": oid(1, 999), "products": [{"productId": oid(3, 999), "quantity": 2}], "totalprice": 33.33,
     "status": "pending", "address": "nowhere"},
    {"_id": oid(4, 901), "buyer": oid(1, 900), "products": [{"productId": oid(3, 1), "quantity": 1}], "totalprice": "11.50",
     "status": "shipped", "address": "1 High Street"},
]
wishlists += [{"_id": oid(5, 900), "user": oid(1, 999), "products": [oid(3, 1)]}]

shop = {"users": users, "categories": categories, "products": products, "orders": orders, "wishlists": wishlists}
os.makedirs(os.path.join(folder, "dump", "shop"))
os.makedirs(os.path.join(folder, "json"))
for name, documents in shop.items():
    compressed = name == "orders"
    path = os.path.join(folder, "dump", "shop", name + (".bson.gz" if compressed else ".bson"))
    with (gzip.open if compressed else open)(path, "wb") as file:
        for document in documents:
            file.write(bson.encode(document))
    with open(os.path.join(folder, "dump", "shop", name + ".metadata.json"), "w") as file:
        file.write("{}")
    with open(os.path.join(folder, "json", name + ".json"), "w") as file:
        for document in documents:
            file.write(json_util.dumps(document) + "\n")

total = sum(round(float(order["totalprice"]) * 100) for order in orders)
print("%d %d" % (total, sum(max(product["quantity"], 0) for product in products)))
