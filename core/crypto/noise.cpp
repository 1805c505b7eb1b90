// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/noise.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

#include "core/base/text.hpp"

namespace stt {
namespace {

constexpr size_t key_size = 32;
constexpr size_t hash_size = crypto_hash_sha512_BYTES;
constexpr size_t tag_size = crypto_aead_chacha20poly1305_IETF_ABYTES;
constexpr size_t psk_max = 4;  // psk0 to psk3, because XX has three messages
constexpr unsigned message_count = 3;
constexpr size_t message_max = 65535;

using Key = std::array<uint8_t, key_size>;
using Hash = std::array<uint8_t, hash_size>;

enum class Token { e, s, ee, es, se, psk };

struct Tokens {
    std::array<Token, 6> list{};
    size_t count = 0;
    void add(Token token) { list[count++] = token; }
    const Token* begin() const { return list.data(); }
    const Token* end() const { return list.data() + count; }
};

// The tokens of a message of XX (Noise, section 7.5) with the PSK modifiers of section 9.4. psk0 precedes the
// first message's tokens, and pskN follows those of the N-th message.
Tokens tokens_of(unsigned message, unsigned psk_mask) {
    Tokens tokens;
    if (message == 0 && psk_mask & 1) tokens.add(Token::psk);
    if (message == 0) tokens.add(Token::e);
    if (message == 1)
        for (const Token token : {Token::e, Token::ee, Token::s, Token::es}) tokens.add(token);
    if (message == 2)
        for (const Token token : {Token::s, Token::se}) tokens.add(token);
    if (psk_mask >> (message + 1) & 1) tokens.add(Token::psk);
    return tokens;
}

unsigned psk_mask_of(std::string_view modifiers) {
    unsigned mask = 0;
    for (unsigned i = 0; i < psk_max; i++)
        if (modifiers.find("psk" + std::to_string(i)) != std::string_view::npos) mask |= 1u << i;
    return mask;
}

Error refuse(std::string text) {
    return make_error(ErrorCode::encryption_error, Reason::malformed_handshake, ErrorOrigin::peer,
                      std::move(text));
}

Error zero_shared_secret() { return refuse(tr("X25519 yields zero: the peer's public key has low order")); }

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

std::array<uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce_of(uint64_t counter) {
    std::array<uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce{};
    for (size_t i = 0; i < 8; i++) nonce[4 + i] = static_cast<uint8_t>(counter >> (8 * i));
    return nonce;
}

class HmacSha512 {
  public:
    explicit HmacSha512(Bytes key) { crypto_auth_hmacsha512_init(&state_, key.data(), key.size()); }
    ~HmacSha512() { sodium_memzero(&state_, sizeof state_); }
    HmacSha512(const HmacSha512&) = delete;
    HmacSha512& operator=(const HmacSha512&) = delete;
    HmacSha512& update(Bytes bytes) {
        crypto_auth_hmacsha512_update(&state_, bytes.data(), bytes.size());
        return *this;
    }
    void finish(Hash& out) { crypto_auth_hmacsha512_final(&state_, out.data()); }

  private:
    crypto_auth_hmacsha512_state state_;
};

}  // namespace

void noise_hkdf(Bytes chaining_key, Bytes input, std::span<const MutableBytes> outputs) {
    assert(outputs.size() <= 255);
    Hash temporary, output;
    const WipeOnExit wipe_temporary(temporary), wipe_output(output);
    HmacSha512(chaining_key).update(input).finish(temporary);
    uint8_t counter = 0;
    for (const MutableBytes out : outputs) {
        assert(out.size() <= hash_size);
        HmacSha512 hmac(temporary);
        if (counter > 0) hmac.update(output);
        counter++;
        hmac.update({&counter, 1}).finish(output);
        std::copy_n(output.begin(), out.size(), out.begin());
    }
}

SecretBytes derive_secret(Bytes secret, std::string_view label) {
    SecretBytes result(key_size);
    noise_hkdf(secret, bytes_of(label), std::array{result.writable()});
    return result;
}

// Plain data in locked memory, so that a copy is a complete handshake. The names are those of the Noise
// specification, section 5.
struct alignas(16) NoiseHandshake::State {
    static void* operator new(size_t size) { return allocate_secret(size); }
    static void operator delete(void* memory) { free_secret(memory); }

    Hash ck{}, h{};
    Key k{};
    Key psks[psk_max] = {};
    Key e{}, e_public{}, re{}, rs{};
    const Identity* identity;
    Random* random;
    uint64_t n = 0;
    unsigned psk_mask, psks_used = 0, message = 0;
    bool initiator, has_key = false, fixed_e = false, has_rs = false;

    explicit State(const Config& config);
    Result<std::vector<uint8_t>> read(Bytes bytes);

    bool writes_next() const { return (message % 2 == 0) == initiator; }

    void mix_hash(Bytes data) {
        crypto_hash_sha512_state state;
        crypto_hash_sha512_init(&state);
        crypto_hash_sha512_update(&state, h.data(), h.size());
        crypto_hash_sha512_update(&state, data.data(), data.size());
        crypto_hash_sha512_final(&state, h.data());
    }
    void set_key(const Key& key) {
        k = key;
        n = 0;
        has_key = true;
    }
    void mix_key(Bytes input) {
        Key key;
        const WipeOnExit wipe(key);
        noise_hkdf(Bytes(ck), input, std::array{MutableBytes(ck), MutableBytes(key)});
        set_key(key);
    }
    void mix_key_and_hash(Bytes input) {
        Key key;
        Hash to_hash;
        const WipeOnExit wipe_key(key), wipe_to_hash(to_hash);
        noise_hkdf(Bytes(ck), input, std::array{MutableBytes(ck), MutableBytes(to_hash), MutableBytes(key)});
        mix_hash(to_hash);
        set_key(key);
    }
    void mix_psk() { mix_key_and_hash(psks[psks_used++]); }
    // With a PSK in the pattern, the ephemeral keys are mixed into the key too (Noise, section 9.2).
    void mix_ephemeral(const Key& key) {
        mix_hash(key);
        if (psk_mask) mix_key(key);
    }
    bool mix_dh(Bytes secret, const Key& peer) {
        Key shared;
        const WipeOnExit wipe(shared);
        if (crypto_scalarmult(shared.data(), secret.data(), peer.data()) != 0) return false;
        mix_key(shared);
        return true;
    }
    bool mix_dh(Token token) {
        const bool ours_is_static = token == (initiator ? Token::se : Token::es);
        const bool theirs_is_static = token == (initiator ? Token::es : Token::se);
        return mix_dh(ours_is_static ? identity->secret().bytes() : Bytes(e), theirs_is_static ? rs : re);
    }

    void encrypt_and_hash(Bytes text, std::vector<uint8_t>& out) {
        const size_t at = out.size();
        out.insert(out.end(), text.begin(), text.end());
        if (has_key) {
            out.resize(out.size() + tag_size);
            const auto nonce = nonce_of(n++);
            crypto_aead_chacha20poly1305_ietf_encrypt(&out[at], nullptr, text.data(), text.size(), h.data(),
                                                      h.size(), nullptr, nonce.data(), k.data());
        }
        mix_hash(Bytes(out).subspan(at));
    }
    // `out` has the size of `sealed`, less that of the tag if there is a key.
    bool decrypt_and_hash(Bytes sealed, MutableBytes out) {
        if (has_key) {
            const auto nonce = nonce_of(n++);
            if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(),
                                                          sealed.size(), h.data(), h.size(), nonce.data(),
                                                          k.data()) != 0)
                return false;
        } else {
            std::copy(sealed.begin(), sealed.end(), out.begin());
        }
        mix_hash(sealed);
        return true;
    }
    size_t tag() const { return has_key ? tag_size : 0; }

    void make_ephemeral() {
        if (!fixed_e) random->fill(e);
        crypto_scalarmult_base(e_public.data(), e.data());
    }
    bool write_token(Token token, std::vector<uint8_t>& out) {
        switch (token) {
            case Token::e:
                make_ephemeral();
                out.insert(out.end(), e_public.begin(), e_public.end());
                mix_ephemeral(e_public);
                return true;
            case Token::s:
                encrypt_and_hash(identity->node_id(), out);
                return true;
            case Token::psk:
                mix_psk();
                return true;
            default:
                return mix_dh(token);
        }
    }
    Status read_token(Token token, ByteReader& in) {
        switch (token) {
            case Token::e:
                in.copy_to(re);
                if (!in.ok()) return refuse(tr("a handshake message is too short"));
                mix_ephemeral(re);
                return success();
            case Token::s: {
                const Bytes sealed = in.bytes(key_size + tag());
                if (!in.ok()) return refuse(tr("a handshake message is too short"));
                if (!decrypt_and_hash(sealed, rs)) return refuse(tr("a handshake message cannot be opened"));
                has_rs = true;
                return success();
            }
            case Token::psk:
                mix_psk();
                return success();
            default:
                return mix_dh(token) ? success() : zero_shared_secret();
        }
    }
};

NoiseHandshake::State::State(const Config& config)
    : identity(config.identity),
      random(config.random),
      psk_mask(psk_mask_of(config.psk_modifiers)),
      initiator(config.initiator) {
    assert(config.psks.size() <= psk_max);
    for (size_t i = 0; i < config.psks.size(); i++) {
        assert(config.psks[i].size() == key_size);
        std::copy_n(config.psks[i].begin(), key_size, psks[i].begin());
    }
    if (!config.ephemeral_for_tests.empty()) {
        std::copy_n(config.ephemeral_for_tests.begin(), key_size, e.begin());
        fixed_e = true;
    }
    std::string name = "Noise_XX";
    name += config.psk_modifiers;
    name += "_25519_ChaChaPoly_SHA512";
    // A name of at most hash_size bytes is padded with zeros, not hashed (Noise, section 5.2). All names used
    // here are.
    std::copy(name.begin(), name.end(), h.begin());
    ck = h;
    mix_hash(config.prologue);
}

NoiseHandshake::NoiseHandshake(const Config& config) : state_(new State(config)) {}
NoiseHandshake::NoiseHandshake(std::unique_ptr<State> state) : state_(std::move(state)) {}
NoiseHandshake::~NoiseHandshake() = default;
NoiseHandshake::NoiseHandshake(NoiseHandshake&&) noexcept = default;
NoiseHandshake& NoiseHandshake::operator=(NoiseHandshake&&) noexcept = default;

NoiseHandshake NoiseHandshake::clone() const {
    return NoiseHandshake(std::unique_ptr<State>(new State(*state_)));
}

size_t NoiseHandshake::overhead() const {
    bool has_key = state_->has_key;
    size_t size = 0;
    for (const Token token : tokens_of(state_->message, state_->psk_mask)) {
        if (token == Token::e) size += key_size;
        if (token == Token::s) size += key_size + (has_key ? tag_size : 0);
        if (token != Token::s && (token != Token::e || state_->psk_mask)) has_key = true;
    }
    return size + (has_key ? tag_size : 0);
}

Status NoiseHandshake::write_message(Bytes payload, std::vector<uint8_t>& out) {
    assert(!complete() && state_->writes_next());
    const size_t before = out.size();
    for (const Token token : tokens_of(state_->message, state_->psk_mask))
        if (!state_->write_token(token, out)) {
            out.resize(before);
            return zero_shared_secret();
        }
    state_->encrypt_and_hash(payload, out);
    state_->message++;
    return success();
}

Result<std::vector<uint8_t>> NoiseHandshake::State::read(Bytes bytes) {
    if (bytes.size() > message_max) return refuse(tr("a handshake message is too long"));
    ByteReader in(bytes);
    for (const Token token : tokens_of(message, psk_mask))
        if (auto status = read_token(token, in); !status) return status.error();
    const Bytes sealed = in.rest();
    if (sealed.size() < tag()) return refuse(tr("a handshake message is too short"));
    std::vector<uint8_t> payload(sealed.size() - tag());
    if (!decrypt_and_hash(sealed, payload)) return refuse(tr("a handshake message cannot be opened"));
    message++;
    return payload;
}

Result<std::vector<uint8_t>> NoiseHandshake::read_message(Bytes message) {
    assert(!complete() && !state_->writes_next());
    return state_->read(message);
}

std::optional<NoiseHandshake> NoiseHandshake::open_first(const Config& config, Bytes message,
                                                         std::vector<uint8_t>& payload) {
    State state(config);
    const WipeOnExit wipe({reinterpret_cast<uint8_t*>(&state), sizeof state});
    auto read = state.read(message);
    if (!read) return std::nullopt;
    payload = std::move(*read);
    return NoiseHandshake(std::unique_ptr<State>(new State(state)));
}

bool NoiseHandshake::complete() const { return state_->message == message_count; }

NoiseHandshake::Keys NoiseHandshake::split() const {
    assert(complete());
    Keys keys{SecretBytes(key_size), SecretBytes(key_size)};
    noise_hkdf(Bytes(state_->ck), {},
               std::array{keys.initiator_to_responder.writable(), keys.responder_to_initiator.writable()});
    return keys;
}

SecretBytes NoiseHandshake::export_secret(std::string_view label) const {
    assert(complete() && !label.empty());  // an empty label would give split()'s keys
    std::vector<uint8_t> input(label.begin(), label.end());
    input.insert(input.end(), state_->h.begin(), state_->h.end());
    SecretBytes secret(key_size);
    noise_hkdf(Bytes(state_->ck), input, std::array{secret.writable()});
    return secret;
}

Bytes NoiseHandshake::handshake_hash() const { return state_->h; }

std::optional<NodeId> NoiseHandshake::remote_static() const {
    if (!state_->has_rs) return std::nullopt;
    return state_->rs;
}

}  // namespace stt
