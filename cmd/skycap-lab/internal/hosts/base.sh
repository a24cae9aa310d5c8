# Runs in the new Debian: makes of it what all hosts have in common.

# deploy is who logs in to deploy; worker is who the example's service runs as.
useradd --create-home --uid 1000 --shell /bin/bash deploy
useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin worker
install -d -o deploy -g deploy /srv/worker
cat >/etc/sudoers.d/deploy <<'SUDOERS'
deploy ALL=(root) NOPASSWD: /usr/bin/systemctl *, /usr/bin/install *, /usr/bin/journalctl *
SUDOERS
chmod 0440 /etc/sudoers.d/deploy

systemctl enable systemd-networkd ssh
systemctl disable systemd-networkd-wait-online
systemctl mask console-getty systemd-firstboot apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer

# Each host has an identity of its own.
rm -f /etc/ssh/ssh_host_* /etc/hostname
: >/etc/machine-id

# The base is to stay small.
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt \
    /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/*
