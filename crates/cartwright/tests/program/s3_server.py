"""A server that speaks S3, with one bucket. Says its port, and ends when its input does."""

import sys
import threading

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
bucket = boto3.client("s3", endpoint_url=endpoint, **keys)
bucket.create_bucket(Bucket="shop")
print(endpoint, flush=True)


def listen():
    for line in sys.stdin:
        keys_now = bucket.list_objects_v2(Bucket="shop").get("Contents", [])
        kinds = {bucket.head_object(Bucket="shop", Key=item["Key"])["ContentType"] for item in keys_now}
        print(len(keys_now), *sorted(item["Key"].split("/")[0] for item in keys_now[:1]), *kinds, flush=True)
    server.stop()


thread = threading.Thread(target=listen)
thread.start()
thread.join()
