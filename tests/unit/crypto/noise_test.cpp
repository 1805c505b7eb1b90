// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/noise.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <sstream>

#include "crypto/vectors_path.hpp"
#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

using Buffer = std::vector<uint8_t>;

Buffer from_hex(std::string_view hex) {
    if (hex.empty()) return {};
    Buffer bytes(hex.size() / 2);
    size_t size = 0;
    EXPECT_EQ(sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &size, nullptr), 0);
    EXPECT_EQ(size, bytes.size());
    return bytes;
}

struct Message {
    bool from_initiator;
    Buffer payload, sent;
};
struct Vector {
    std::string name;
    Buffer prologue, init_static, resp_static, init_ephemeral, resp_ephemeral, handshake_hash;
    std::vector<Buffer> psks;
    std::vector<Message> messages;

    std::string modifiers() const { return name.substr(8, name.find('_', 8) - 8); }
};

std::vector<Vector> load(const std::string& file) {
    std::ifstream in(VECTORS_PATH "/" + file);
    EXPECT_TRUE(in) << file;
    std::vector<Vector> vectors;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        const size_t equals = line.find('=');
        const std::string key = line.substr(0, equals), value = line.substr(equals + 1);
        if (key == "name") {
            vectors.emplace_back().name = value;
            continue;
        }
        Vector& v = vectors.back();
        if (key == "message") {
            std::istringstream words(value);
            std::string sender, payload, sent;
            words >> sender >> payload >> sent;
            v.messages.push_back(
                {sender == "initiator", payload == "-" ? Buffer{} : from_hex(payload), from_hex(sent)});
        } else if (key == "psk") {
            v.psks.push_back(from_hex(value));
        } else {
            Buffer& field = key == "prologue"         ? v.prologue
                            : key == "init_static"    ? v.init_static
                            : key == "resp_static"    ? v.resp_static
                            : key == "init_ephemeral" ? v.init_ephemeral
                            : key == "resp_ephemeral" ? v.resp_ephemeral
                                                      : v.handshake_hash;
            field = from_hex(value);
        }
    }
    return vectors;
}

Buffer seal_transport(const SecretBytes& key, uint64_t counter, Bytes text) {
    std::array<uint8_t, 12> nonce{};
    nonce[4] = static_cast<uint8_t>(counter);
    Buffer sealed(text.size() + 16);
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, text.data(), text.size(), nullptr, 0,
                                              nullptr, nonce.data(), key.bytes().data());
    return sealed;
}

NoiseHandshake start(const Vector& v, bool initiator, const Identity& identity) {
    const std::string modifiers = v.modifiers();
    NoiseHandshake::Config config;
    config.initiator = initiator;
    config.psk_modifiers = modifiers;
    config.prologue = v.prologue;
    config.psks.assign(v.psks.begin(), v.psks.end());
    config.identity = &identity;
    config.ephemeral_for_tests = initiator ? v.init_ephemeral : v.resp_ephemeral;
    return NoiseHandshake(config);
}

void run(const Vector& v) {
    SCOPED_TRACE(v.name);
    const Identity initiator_identity = Identity::from_secret(SecretBytes::copy_of(v.init_static));
    const Identity responder_identity = Identity::from_secret(SecretBytes::copy_of(v.resp_static));
    NoiseHandshake initiator = start(v, true, initiator_identity);
    NoiseHandshake responder = start(v, false, responder_identity);
    ASSERT_GT(v.messages.size(), 3u);
    for (size_t i = 0; i < 3; i++) {
        const Message& message = v.messages[i];
        NoiseHandshake& writer = message.from_initiator ? initiator : responder;
        NoiseHandshake& reader = message.from_initiator ? responder : initiator;
        EXPECT_EQ(writer.overhead(), message.sent.size() - message.payload.size());
        Buffer sent;
        ASSERT_TRUE(writer.write_message(message.payload, sent));
        EXPECT_EQ(to_hex(sent), to_hex(message.sent));
        auto read = reader.read_message(message.sent);
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, message.payload);
    }
    ASSERT_TRUE(initiator.complete());
    ASSERT_TRUE(responder.complete());
    EXPECT_EQ(initiator.remote_static(), responder_identity.node_id());
    EXPECT_EQ(responder.remote_static(), initiator_identity.node_id());
    EXPECT_EQ(to_hex(initiator.handshake_hash()), to_hex(responder.handshake_hash()));
    if (!v.handshake_hash.empty()) {
        EXPECT_EQ(to_hex(initiator.handshake_hash()), to_hex(v.handshake_hash));
    }

    const NoiseHandshake::Keys keys = initiator.split();
    EXPECT_EQ(to_hex(keys.initiator_to_responder.bytes()),
              to_hex(responder.split().initiator_to_responder.bytes()));
    uint64_t counters[2] = {0, 0};
    for (size_t i = 3; i < v.messages.size(); i++) {
        const Message& message = v.messages[i];
        const SecretBytes& key =
            message.from_initiator ? keys.initiator_to_responder : keys.responder_to_initiator;
        EXPECT_EQ(to_hex(seal_transport(key, counters[message.from_initiator]++, message.payload)),
                  to_hex(message.sent));
    }
}

TEST(Noise, vectors_of_snow_and_cacophony) {
    const auto vectors = load("noise_snow.txt");
    EXPECT_EQ(vectors.size(), 7u);
    for (const Vector& v : vectors) run(v);
}

TEST(Noise, vectors_of_flynn) {
    const auto vectors = load("noise_flynn.txt");
    EXPECT_EQ(vectors.size(), 7u);
    for (const Vector& v : vectors) run(v);
}

class NoisePair : public testing::Test {
  protected:
    NoiseHandshake make(bool initiator, const Identity& identity) {
        NoiseHandshake::Config config;
        config.initiator = initiator;
        config.prologue = prologue_;
        config.psks = {psk_};
        config.identity = &identity;
        config.random = &random_;
        return NoiseHandshake(config);
    }

    SeededRandom random_{7};
    Buffer prologue_{1, 2, 3}, psk_ = Buffer(32, 9);
    Identity alice_ = Identity::generate(random_), bob_ = Identity::generate(random_);
    NoiseHandshake initiator_ = make(true, alice_), responder_ = make(false, bob_);
};

TEST_F(NoisePair, another_prologue_does_not_open) {
    prologue_[0] ^= 1;
    NoiseHandshake other = make(false, bob_);
    Buffer message;
    ASSERT_TRUE(initiator_.write_message({}, message));
    auto read = other.read_message(message);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::encryption_error);
    EXPECT_TRUE(responder_.read_message(message));
}

TEST_F(NoisePair, short_messages_are_refused) {
    Buffer message;
    ASSERT_TRUE(initiator_.write_message({}, message));
    for (size_t size = 0; size < message.size(); size++) {
        NoiseHandshake reader = responder_.clone();
        EXPECT_FALSE(reader.read_message(Bytes(message).first(size))) << size;
    }
    EXPECT_FALSE(responder_.read_message(Buffer(65536)));
}

// A public key of low order makes every X25519 result zero, whatever our secret is. Without a psk the first
// message is just the key, so that the test can forge it.
TEST_F(NoisePair, low_order_keys_are_refused) {
    NoiseHandshake::Config config;
    config.psk_modifiers = "";
    config.identity = &alice_;
    config.random = &random_;
    for (const uint8_t low : {uint8_t{0}, uint8_t{1}}) {
        Buffer key(32, 0);
        key[0] = low;
        config.initiator = false;
        NoiseHandshake responder(config);
        ASSERT_TRUE(responder.read_message(key));
        Buffer out{42};
        const Status written = responder.write_message({}, out);
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().code, ErrorCode::encryption_error);
        EXPECT_EQ(out, Buffer{42});

        config.initiator = true;
        NoiseHandshake initiator(config);
        Buffer genuine;
        ASSERT_TRUE(initiator.write_message({}, genuine));
        Buffer challenge = key;
        challenge.resize(96);
        auto read = initiator.read_message(challenge);
        ASSERT_FALSE(read);
        EXPECT_NE(read.error().text.find("low order"), std::string::npos);
    }
}

TEST_F(NoisePair, a_clone_is_independent) {
    Buffer message;
    ASSERT_TRUE(initiator_.write_message({}, message));
    NoiseHandshake copy = responder_.clone();
    Buffer forged = message;
    forged.back() ^= 1;
    EXPECT_FALSE(copy.read_message(forged));
    EXPECT_TRUE(responder_.read_message(message));
}

TEST_F(NoisePair, exported_secrets_agree_and_differ_by_label) {
    Buffer message;
    for (int i = 0; i < 3; i++) {
        message.clear();
        NoiseHandshake& writer = i % 2 == 0 ? initiator_ : responder_;
        NoiseHandshake& reader = i % 2 == 0 ? responder_ : initiator_;
        ASSERT_TRUE(writer.write_message({}, message));
        ASSERT_TRUE(reader.read_message(message));
    }
    EXPECT_EQ(to_hex(initiator_.export_secret("a").bytes()), to_hex(responder_.export_secret("a").bytes()));
    EXPECT_NE(to_hex(initiator_.export_secret("a").bytes()), to_hex(initiator_.export_secret("b").bytes()));
}

// RFC 4231's HMAC-SHA512 makes this HKDF without info (RFC 5869): one output is HMAC(HMAC(salt, input), 1).
TEST(NoiseHkdf, outputs_are_a_chain_of_hmacs) {
    const Buffer salt(64, 0x5a), input{1, 2, 3};
    std::array<uint8_t, 64> temporary, first, second;
    const auto hmac = [](Bytes key, Bytes data, std::array<uint8_t, 64>& out) {
        crypto_auth_hmacsha512_state state;
        crypto_auth_hmacsha512_init(&state, key.data(), key.size());
        crypto_auth_hmacsha512_update(&state, data.data(), data.size());
        crypto_auth_hmacsha512_final(&state, out.data());
    };
    hmac(salt, input, temporary);
    hmac(temporary, Buffer{1}, first);
    Buffer again(first.begin(), first.end());
    again.push_back(2);
    hmac(temporary, again, second);

    std::array<uint8_t, 64> whole;
    std::array<uint8_t, 12> part;
    noise_hkdf(salt, input, std::array{MutableBytes(whole), MutableBytes(part)});
    EXPECT_EQ(to_hex(whole), to_hex(first));
    EXPECT_EQ(to_hex(part), to_hex(Bytes(second).first(12)));
}

}  // namespace
}  // namespace stt
