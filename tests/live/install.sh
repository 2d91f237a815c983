#!/bin/sh
# Install Debian's postfix and python3-aiosmtpd, nmap and chromium, where they are missing, without starting or touching
# the system's own instance. Ends with 0 when the first two are there, with 77 and a word why when they can not be had.
set -eu

postfix_at() { PATH="$PATH:/usr/sbin" command -v postfix >/dev/null 2>&1; }
aiosmtpd_there() { /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null; }
skip() { echo "Not tested against a real mail server: $1."; exit 77; }

# Some tests need more, and are left out where it cannot be had: nmap is compared with, Chromium shows the report.
more_too() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
    for program in nmap chromium; do
        command -v "$program" >/dev/null 2>&1 && continue
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$program" \
            </dev/null >/dev/null 2>&1 || echo "$program cannot be had: what needs it is not tested."
    done
}

if postfix_at && aiosmtpd_there; then
    more_too
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
more_too
