/**
 * A configuration to start with: all keys that are built, with what holds without them. It parses as it stands, and means the
 * same as no configuration at all, except that the store's path is left to the system.
 */
export function initText(): string {
  return `# Configuration of pullbox. What is commented out shows the default.
# Check it with: pullbox config check -c pullbox.yaml

# Where records come in. Addresses are "[::]:5514" (IPv6 and IPv4), "0.0.0.0:5514" or "127.0.0.1:5514".
inputs:
  - type: syslog
    options:
      udp: "[::]:5514"
      tcp: "[::]:5514"
      # How records are told apart on TCP: auto, octet (RFC 6587 3.4.1) or lf (3.4.2).
      framing: auto
      # What the kernel may hold for each UDP socket; pullbox doctor says what it grants.
      receive_buffer: 16MiB
  # Programs of this machine: auto is /dev/log, which needs root. Sockets that systemd passes are not taken yet.
  # - type: unix
  #   options: {path: auto}

# What is known about senders. The longest prefix that matches wins.
# zone: for times that carry none. silence: how long a source may be quiet.
sources: []
#  - {match: 10.0.0.0/8, zone: Europe/Berlin, silence: 1h}

store:
  type: segments
  options:
    # Default: $STATE_DIRECTORY, /var/lib/pullbox as root, else $XDG_STATE_HOME/pullbox.
    # path: /var/lib/pullbox/store
    # Records go when they are older or the store is larger than this; null keeps them.
    retention: {days: null, bytes: null}

# The web page and its API. Another address than a loopback one needs auth.
http:
  address: 127.0.0.1:8514
  # Names under which the page may be asked for, beside localhost.
  names: []
  # Proxies whose X-Forwarded-For is believed; none yet, as nothing asks for the address of a client.
  trusted_proxies: []

auth: {type: none}

limits:
  # A longer message is cut, and marked with its length.
  message: 5MiB
  # Memory for records that are received and not yet stored.
  memory: 512MiB
`
}
