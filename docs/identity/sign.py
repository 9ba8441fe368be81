# Python 3, no packages. Signs a proof for the user who is signed in at your site.
import base64
import hashlib
import hmac
import json
import os
import time


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_proof(user: dict, widget: str, secret: str) -> str:
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "sub": str(user["id"]),
        "email": user["email"],
        "given_name": user["first_name"],
        "family_name": user["last_name"],
        "aud": widget,
        "iat": now,
        "exp": now + 300,
    }
    message = ".".join(part(json.dumps(value).encode()) for value in (header, claims))
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()
    return f"{message}.{part(signature)}"


user = {"id": 7, "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
print(sign_proof(user, os.environ["PARLOR_WIDGET"], os.environ["PARLOR_WIDGET_SECRET"]))
