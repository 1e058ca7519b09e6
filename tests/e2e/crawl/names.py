# SPDX-License-Identifier: Apache-2.0
"""Many hosts on one machine: names in made-up domains, each on a loopback address of its own or
sharing one, all served by one nginx. The names are known only to who is given the map."""

import rig

# Every page links to all others of its host, and the front page to the front pages of the next two
# hosts, so that the whole web is reached from one seed.
PAGE = ('<!DOCTYPE html><title>$host$uri</title><p>A page of $host, reached as $uri.</p>')


class Web:
    """`domains` registered domains with `hosts` names each; `share` names of a domain share an
    address. Addresses are 127.1.X.Y."""

    def __init__(self, *, domains, hosts, share=1, pages=100):
        self.hosts = {}  # name -> (address, domain)
        self.pages = pages
        for d in range(domains):
            domain = f'site{d:02}.test'
            for h in range(hosts):
                address = f'127.1.{d}.{1 + h // share}'
                self.hosts[f'h{h:02}.{domain}'] = (address, domain)
        self.addresses = sorted({address for address, _ in self.hosts.values()})

    def server(self, extra=''):
        """The server block, listening on every address."""
        listens = '\n'.join(f'  listen {address}:PORT;' for address in self.addresses)
        anchors = ''.join(f'<a href="/p{n}">p{n}</a> ' for n in range(self.pages))
        return ('server {\n' + listens + '\n  server_name _;\n  default_type text/html;\n'
                '  location = /robots.txt { return 404; }\n'
                f'  location = / {{ return 200 \'{PAGE}{anchors}\'; }}\n'
                f'  location / {{ return 200 \'{PAGE}\'; }}\n' + extra + '}\n')

    def nginx(self, **more):
        return rig.Nginx(self.server(), address=self.addresses[0], **more)

    def seeds(self, port):
        return [f'http://{name}:{port}/' for name in self.hosts]

    def hosts_file(self, path):
        """The map as a file in the form of /etc/hosts."""
        path.write_text(''.join(f'{address} {name}\n'
                                for name, (address, _) in self.hosts.items()))
        return path
