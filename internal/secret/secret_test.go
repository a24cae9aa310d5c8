package secret

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
)

// seal encrypts a text as age does.
func seal(t *testing.T, text string, recipients ...age.Recipient) []byte {
	t.Helper()
	var sealed bytes.Buffer
	writer, err := age.Encrypt(&sealed, recipients...)
	require.NoError(t, err)
	_, err = io.WriteString(writer, text)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return sealed.Bytes()
}

// armored is what age has encrypted, as text.
func armored(t *testing.T, sealed []byte) []byte {
	t.Helper()
	var text bytes.Buffer
	writer := armor.NewWriter(&text)
	_, err := writer.Write(sealed)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return text.Bytes()
}

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	made, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return made
}

func save(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// noProgram runs none.
func noProgram(t *testing.T) run.Runner {
	t.Helper()
	return run.Func(func(_ context.Context, command run.Command) error {
		t.Errorf("%s was started", command)
		return &run.NotFoundError{Name: command.Name}
	})
}

func tree(pairs ...any) revision.Tree {
	made := revision.Tree{}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		data, _ := pairs[i+1].([]byte)
		made[name] = revision.File{Data: data}
	}
	return made
}

func TestAgeFilesAreOpened(t *testing.T) {
	t.Parallel()
	ours := identity(t)
	files := tree(
		"s/common/password.age", seal(t, "of all", ours.Recipient()),
		"s/staging/password.age", seal(t, "of staging", ours.Recipient()),
		"s/staging/deep/key", armored(t, seal(t, "\x00\xff", ours.Recipient())),
		"s/staging/empty.age", seal(t, "", ours.Recipient()),
	)
	script := files["s/staging/deep/key"]
	script.Executable = true
	files["s/staging/deep/key"] = script
	sealed, err := Seal(files, []string{"s/common", "s/staging"})
	require.NoError(t, err)
	keys := &Keys{Runner: noProgram(t), Identities: []string{save(t, "# nothing\n"), save(t, "# mine\n"+ours.String()+"\n")}}
	opened, err := sealed.Open(t.Context(), keys)
	require.NoError(t, err)
	assert.Equal(t, revision.Tree{
		"password": {Data: []byte("of staging"), Private: true},
		"deep/key": {Data: []byte("\x00\xff"), Private: true, Executable: true},
		"empty":    {Data: []byte{}, Private: true},
	}, opened.Files)
	assert.Equal(t, sealed.Hash, opened.Hash)
}

func TestSSHKeysOpen(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "id_ed25519")
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput()
	require.NoError(t, err, "%s", out)
	public, err := os.ReadFile(key + ".pub")
	require.NoError(t, err)
	recipient, err := agessh.ParseRecipient(string(public))
	require.NoError(t, err)
	sealed, err := Seal(tree("s/a.age", seal(t, "x", recipient)), []string{"s"})
	require.NoError(t, err)
	opened, err := sealed.Open(t.Context(), &Keys{Runner: noProgram(t), Identities: []string{key}})
	require.NoError(t, err)
	assert.Equal(t, "x", string(opened.Files["a"].Data))
}

// The hash is that of what is encrypted: a guess at the secret can't be checked by it.
func TestHashIsOfWhatIsEncrypted(t *testing.T) {
	t.Parallel()
	ours := identity(t)
	once, anew := seal(t, "1234", ours.Recipient()), seal(t, "1234", ours.Recipient())
	hash := func(files revision.Tree) string {
		sealed, err := Seal(files, []string{"s"})
		require.NoError(t, err)
		return sealed.Hash
	}
	base := hash(tree("s/pin.age", once))
	assert.Len(t, base, 10)
	assert.Equal(t, base, hash(tree("s/pin.age", once, "elsewhere", []byte("x"))))
	assert.NotEqual(t, base, hash(tree("s/pin.age", anew)))
	assert.NotEqual(t, base, hash(tree("s/pin2.age", once)))
	plain, err := config.Lay(tree("s/pin", []byte("1234")), []string{"s"}, func(_, name string, file revision.File) (string, revision.File, error) {
		return name, file, nil
	})
	require.NoError(t, err)
	assert.NotEqual(t, base, plain.Hash)
}

func TestWhatCannotBeOpenedSaysWhatWasTried(t *testing.T) {
	t.Parallel()
	ours, theirs := identity(t), identity(t)
	mine, two := save(t, ours.String()), save(t, identity(t).String()+"\n"+identity(t).String())
	broken, none := save(t, "AGE-SECRET-KEY-1CANARY"), filepath.Join(t.TempDir(), "none")
	good := seal(t, "canary", ours.Recipient())
	sealed, err := Seal(tree(
		"s/a.age", seal(t, "canary", theirs.Recipient()), "s/b.age", good, "s/c.age", good[:len(good)-3],
	), []string{"s"})
	require.NoError(t, err)
	_, err = sealed.Open(t.Context(), &Keys{Runner: noProgram(t), Identities: []string{none, broken, mine, two}})
	var failed *UndecryptableError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, &UndecryptableError{Path: "s/a.age", Tried: []Attempt{
		{none, "is not there"}, {broken, "holds no identity"},
		{mine, "has an identity, which it is not encrypted for"}, {two, "has 2 identities, none of which it is encrypted for"},
	}}, failed)
	assert.ErrorContains(t, err, `secret "s/a.age" can't be decrypted: `)
	assert.ErrorContains(t, err, "s/c.age: is damaged")
	assert.NotContains(t, err.Error(), "s/b.age")
	assert.NotContains(t, strings.ToLower(err.Error()), "canary", "neither of a secret nor of an identity")

	_, err = sealed.Open(t.Context(), &Keys{Runner: noProgram(t)})
	assert.ErrorContains(t, err, "there is no identity")
}

func TestPlainFilesAreRefused(t *testing.T) {
	t.Parallel()
	_, err := Seal(tree("s/a", []byte("canary"), "s/b.age", []byte("x"), "s/c.yaml", []byte("sops: {version: 3}\n"), "s/d.env", nil), []string{"s"})
	for _, name := range []string{"s/a", "s/b.age", "s/c.yaml", "s/d.env"} {
		assert.ErrorContains(t, err, name+": is not encrypted, neither with age nor with SOPS")
	}
	assert.NotContains(t, err.Error(), "canary")
	_, err = Seal(tree("s/big.age", make([]byte, 4*config.MaxFileSize+1)), []string{"s"})
	assert.ErrorContains(t, err, "s/big.age: is 3686401 bytes")
}

// What asks for a passphrase, or for a token, is left to the age program.
func TestAgeProgramOpensWhatOnlyItCan(t *testing.T) {
	t.Parallel()
	theirs := identity(t)
	sealed, err := Seal(tree("s/a.age", seal(t, "x", theirs.Recipient())), []string{"s"})
	require.NoError(t, err)
	plugin := save(t, "# yubikey\nAGE-PLUGIN-YUBIKEY-1QQQQ\n")
	var started run.Command
	runner := run.Func(func(_ context.Context, command run.Command) error {
		started = command
		data, err := io.ReadAll(command.Stdin)
		require.NoError(t, err)
		assert.Equal(t, sealed.Files["a"].Data, data)
		_, err = io.WriteString(command.Stdout, "opened")
		return err
	})
	opened, err := sealed.Open(t.Context(), &Keys{Runner: runner, Identities: []string{plugin}})
	require.NoError(t, err)
	assert.Equal(t, "opened", string(opened.Files["a"].Data))
	assert.Equal(t, "age --decrypt --identity "+plugin, started.String())
	assert.True(t, started.Foreground, "it may ask on the terminal")

	missing := run.Func(func(_ context.Context, command run.Command) error { return &run.NotFoundError{Name: command.Name} })
	_, err = sealed.Open(t.Context(), &Keys{Runner: missing, Identities: []string{plugin}})
	assert.ErrorContains(t, err, `is for the program age, which failed: program "age" was not found on PATH`)
}

// A passphrase is asked for once, however many secrets and services there are.
func TestPassphraseOfIdentitiesIsAskedForOnce(t *testing.T) {
	t.Parallel()
	theirs := identity(t)
	passphrase, err := age.NewScryptRecipient("canary")
	require.NoError(t, err)
	passphrase.SetWorkFactor(1)
	file := save(t, string(armored(t, seal(t, theirs.String(), passphrase))))
	var started []string
	asked := run.Func(func(_ context.Context, command run.Command) error {
		started = append(started, command.String())
		_, err := io.WriteString(command.Stdout, "# mine\n"+theirs.String()+"\n")
		return err
	})
	var told []string
	tell := func(text string) { told = append(told, text) }
	keys := &Keys{Runner: asked, Identities: []string{save(t, identity(t).String()), file}, Told: tell}
	for _, service := range []string{"a", "b"} {
		sealed, err := Seal(tree("s/1.age", seal(t, service+"1", theirs.Recipient()), "s/2.age", seal(t, service+"2", theirs.Recipient())), []string{"s"})
		require.NoError(t, err)
		opened, err := sealed.Open(t.Context(), keys)
		require.NoError(t, err)
		assert.Equal(t, service+"1 "+service+"2", string(opened.Files["1"].Data)+" "+string(opened.Files["2"].Data))
	}
	assert.Equal(t, []string{"age --decrypt"}, started)
	assert.Equal(t, []string{fmt.Sprintf("the identities in %q have a passphrase, which age asks for", file)}, told)

	wrong := run.Func(func(_ context.Context, command run.Command) error {
		started = append(started, command.String())
		return &run.ExitError{Command: command, Code: 1, Stderr: "age: error: incorrect passphrase\nage: report unexpected or unhelpful errors at https://filippo.io/age/report"}
	})
	sealed, err := Seal(tree("s/1.age", seal(t, "x", theirs.Recipient()), "s/2.age", seal(t, "y", theirs.Recipient())), []string{"s"})
	require.NoError(t, err)
	_, err = sealed.Open(t.Context(), &Keys{Runner: wrong, Identities: []string{file}, Told: tell})
	for _, secret := range []string{"s/1.age", "s/2.age"} {
		assert.ErrorContains(t, err, `secret "`+secret+`" can't be decrypted: "`+file+`" needs its passphrase, which the program age was to ask for; it failed: incorrect passphrase`)
		assert.NotContains(t, err.Error(), "unexpected")
	}
	assert.Len(t, started, 2)
}

func TestSecretsOfAPassphraseAreNamed(t *testing.T) {
	t.Parallel()
	passphrase, err := age.NewScryptRecipient("canary")
	require.NoError(t, err)
	passphrase.SetWorkFactor(1)
	sealed, err := Seal(tree("s/a.age", seal(t, "x", passphrase)), []string{"s"})
	require.NoError(t, err)
	for _, identities := range [][]string{nil, {save(t, identity(t).String())}, {save(t, "AGE-PLUGIN-YUBIKEY-1QQQQ\n")}} {
		_, err = sealed.Open(t.Context(), &Keys{Runner: noProgram(t), Identities: identities})
		assert.ErrorContains(t, err, `secret "s/a.age" is encrypted with a passphrase (scrypt)`)
	}
}

func TestSopsOpensWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	files := tree(
		"s/a.yaml", []byte("k: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[x]\n"), "s/b.json", []byte(`{"k": "ENC[x]", "sops": {"mac": "ENC[x]"}}`),
		"s/c.env", []byte("K=ENC[x]\nsops_mac=ENC[x]\n"), "s/d.ini", []byte("[a]\nk = ENC[x]\n[sops]\nmac = x\n"),
		"s/key.pem.sops", []byte(`{"data": "ENC[x]", "sops": {"mac": "ENC[x]"}}`),
	)
	sealed, err := Seal(files, []string{"s"})
	require.NoError(t, err)
	var started []string
	runner := run.Func(func(_ context.Context, command run.Command) error {
		started = append(started, command.String())
		_, err := io.Copy(command.Stdout, command.Stdin)
		return err
	})
	opened, err := sealed.Open(t.Context(), &Keys{Runner: runner})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.yaml", "b.json", "c.env", "d.ini", "key.pem"}, opened.Files.Paths())
	for i, kind := range []string{"yaml", "json", "dotenv", "ini", "binary"} {
		assert.Equal(t, "sops --decrypt --input-type "+kind+" --output-type "+kind+" /dev/stdin", started[i])
	}
	failing := run.Func(func(_ context.Context, command run.Command) error {
		return &run.ExitError{Command: command, Code: 128, Stderr: "Failed to get the data key\n\nrequired to decrypt"}
	})
	_, err = sealed.Open(t.Context(), &Keys{Runner: failing})
	assert.ErrorContains(t, err, `secret "s/a.yaml" can't be decrypted: "sops" failed: Failed to get the data key required to decrypt`)
}
