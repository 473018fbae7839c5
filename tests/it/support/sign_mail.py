#!/usr/bin/env python3
"""Signs a mail with dkimpy, well or badly, so that verify_mail.py can be shown what it must see.

Arguments: DOMAIN NAMES [l]; NAMES are the fields to sign, behind colons, as in h=. Standard input: JSON
{"message": text, "keys": [[selector, algorithm, private key]]}. Prints the signed message. With `l`, the
length of the body is signed with it.
"""

import json
import sys

import dkim

domain, names = (argument.encode() for argument in sys.argv[1:3])
given = json.load(sys.stdin)
message = given["message"].encode()
for selector, algorithm, key in given["keys"]:
    signature = dkim.DKIM(message).sign(
        selector.encode(), domain, key.encode(), algorithm.encode(),
        canonicalize=(b"relaxed", b"relaxed"), include_headers=names.split(b":"), length="l" in sys.argv[3:],
    )
    message = signature + message
sys.stdout.buffer.write(message)
