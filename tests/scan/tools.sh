# Installs the scanners and says where they are; read by `run`. Made for Debian, as root or with sudo: what Debian has
# by apt, the rest into target/test-tools by npm and pip, each in the version that is written here.

scan_tools=$PWD/target/test-tools/scan
mkdir -p "$scan_tools"

scan_fail() {
    echo "tests/scan: $*" >&2
    exit 1
}

scan_apt_install() {
    local sudo=sudo
    [ "$(id -u)" = 0 ] && sudo=
    echo "installs: $*"
    {
        $sudo apt-get -qq update &&
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@"
    } >>"$scan_tools/apt.log" 2>&1 || scan_fail "apt could not install $*; see target/test-tools/scan/apt.log."
}

# scan_apt COMMAND PACKAGE...: unless the command is here.
scan_apt() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    scan_apt_install "$@"
    command -v "$command" >/dev/null || scan_fail "$command is still not here after installing $*."
}

# scan_pip NAME PACKAGE COMMAND: into a place of its own, so that no two want the same library in two versions.
scan_pip() {
    local place=$scan_tools/$1
    if ! [ -x "$place/bin/$3" ]; then
        echo "installs: $2"
        rm -rf "$place"
        # The module is part of Python elsewhere; Debian has it apart.
        python3 -c 'import ensurepip' 2>/dev/null || scan_apt_install python3-venv
        { python3 -m venv "$place" && "$place/bin/pip" --quiet install "$2"; } >>"$scan_tools/pip.log" 2>&1 ||
            scan_fail "pip could not install $2; see target/test-tools/scan/pip.log."
    fi
    [ -x "$place/bin/$3" ] || scan_fail "$3 is not here after installing $2."
}

# scan_npm PACKAGE FILE
scan_npm() {
    if ! [ -e "$scan_tools/npm/node_modules/$2" ]; then
        scan_apt npm npm
        echo "installs: $1"
        npm install --silent --no-audit --no-fund --prefix "$scan_tools/npm" "$1" >>"$scan_tools/npm.log" 2>&1 ||
            scan_fail "npm could not install $1; see target/test-tools/scan/npm.log."
    fi
    [ -e "$scan_tools/npm/node_modules/$2" ] || scan_fail "$2 is not here after installing $1."
}

tools_for_nu_html_checker() {
    scan_apt java default-jre-headless
    if [ -z "${TEST_VNU:-}" ]; then
        scan_npm vnu-jar@26.9.27 vnu-jar/build/dist/vnu.jar
        export TEST_VNU=$scan_tools/npm/node_modules/vnu-jar/build/dist/vnu.jar
    fi
}
tools_for_html_validate() {
    scan_npm html-validate@9.7.1 .bin/html-validate
    export TEST_HTML_VALIDATE=$scan_tools/npm/node_modules/.bin/html-validate
}
tools_for_redbot() {
    scan_pip redbot redbot==2.7.1 redbot
    export TEST_REDBOT_PYTHON=$scan_tools/redbot/bin/python
}
tools_for_wapiti() {
    # Debian's is too old for its Python.
    scan_pip wapiti wapiti3==3.2.3 wapiti
    export TEST_WAPITI=$scan_tools/wapiti/bin/wapiti
}
tools_for_sqlmap() {
    scan_apt sqlmap sqlmap
    if [ -z "${TEST_POSTGRES_BIN:-}" ] && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
        scan_apt pg_ctlcluster postgresql
    fi
}
tools_for_slowhttptest() { scan_apt slowhttptest slowhttptest; }
tools_for_mail() {
    if [ -z "${TEST_LIBFAKETIME:-}" ] && ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then
        scan_apt faketime faketime libfaketime
    fi
}
tools_for_spamassassin() {
    tools_for_mail
    scan_apt spamassassin spamassassin
}
tools_for_rspamd() {
    tools_for_mail
    scan_apt rspamd rspamd
}
