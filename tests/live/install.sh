#!/bin/sh
# Install Debian's postfix and python3-aiosmtpd, where they are missing, without starting or touching the
# system's own instance. Ends with 0 when both are there, with 77 and a word why when they can not be had.
set -eu

postfix_at() { PATH="$PATH:/usr/sbin" command -v postfix >/dev/null 2>&1; }
aiosmtpd_there() { /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null; }
skip() { echo "Not tested against a real mail server: $1."; exit 77; }

# Only compared with; where it cannot be had, the comparison is left out.
nmap_too() {
    command -v nmap >/dev/null 2>&1 && return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
    apt-get install --yes --quiet --no-install-recommends nmap </dev/null >/dev/null 2>&1 ||
        echo 'nmap cannot be had: the relay test is not compared with it.'
}

if postfix_at && aiosmtpd_there; then
    nmap_too
    exit 0
fi
[ "$(id -u)" = 0 ] || skip 'postfix or python3-aiosmtpd is missing, and only root can install them'
command -v apt-get >/dev/null 2>&1 || skip 'postfix or python3-aiosmtpd is missing, and this system has no apt-get'

# Debian starts a service as soon as it is installed, unless this file forbids it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
elif ! "$policy" postfix start >/dev/null 2>&1; then
    : # somebody else forbids it already
else
    skip "postfix is missing, and $policy would let the system's own instance start"
fi

export DEBIAN_FRONTEND=noninteractive
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections 2>/dev/null || true
install() {
    apt-get install --yes --quiet --no-install-recommends postfix python3-aiosmtpd </dev/null >/dev/null 2>&1
}
install || { apt-get update --quiet >/dev/null 2>&1 && install; } || skip 'postfix could not be installed'
postfix_at || skip 'postfix was installed but is not to be found'
aiosmtpd_there || skip 'python3-aiosmtpd was installed but does not work'
nmap_too
