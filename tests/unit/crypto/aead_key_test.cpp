// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sodium.h>

#include "core/crypto/protection.hpp"

namespace stt {
namespace {

using Buffer = std::vector<uint8_t>;

Buffer from_hex(std::string_view hex) {
    Buffer bytes(hex.size() / 2);
    EXPECT_EQ(sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, nullptr, nullptr),
              0);
    return bytes;
}

void check_vector(Cipher cipher, Bytes key, Bytes iv, Bytes aad, const Buffer& plain, std::string_view sealed,
                  std::string_view expected_tag) {
    auto aead = AeadKey::from_key(cipher, key, iv);
    ASSERT_TRUE(aead);
    Buffer text = plain, tag(aead_tag_size);
    aead->seal(0, aad, text, tag);
    EXPECT_EQ(to_hex(text), sealed);
    EXPECT_EQ(to_hex(tag), expected_tag);
    EXPECT_TRUE(aead->open(0, aad, text, tag));
    EXPECT_EQ(text, plain);
}

// RFC 8439, section 2.8.2.
TEST(AeadKey, chacha20_poly1305_vector) {
    const std::string_view plain =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        "sunscreen would "
        "be it.";
    check_vector(Cipher::chacha20_poly1305,
                 from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
                 from_hex("070000004041424344454647"), from_hex("50515253c0c1c2c3c4c5c6c7"),
                 Buffer(plain.begin(), plain.end()),
                 "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                 "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                 "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                 "3ff4def08e4b7a9de576d26586cec64b6116",
                 "1ae10b594f09e26a7e902ecbd0600691");
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16.
TEST(AeadKey, aes256_gcm_vector) {
    check_vector(Cipher::aes256_gcm,
                 from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                 from_hex("cafebabefacedbaddecaf888"), from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                 from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
                 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                 "76fc6ece0f4e1768cddf8853bb2d551b");
}

// The key schedule of docs/wire-format.md, computed with Python's hmac.
TEST(AeadKey, is_derived_as_the_wire_format_says) {
    const Buffer secret(32, 0x42), aad{1};
    auto derived = AeadKey::derive(Cipher::aes256_gcm, secret);
    auto expected = AeadKey::from_key(
        Cipher::aes256_gcm, from_hex("52e1a2a5f9f27b45d688024c4aa1aed021e04381cdc744a2b512211590afd67b"),
        from_hex("540894b0c630d359c5c750a7"));
    Buffer text(5), tag(aead_tag_size);
    expected->seal(3, aad, text, tag);
    EXPECT_TRUE(derived->open(3, aad, text, tag));
    EXPECT_EQ(to_hex(derive_secret(secret, "stt next phase").bytes()),
              "2301dddd8ecdb55c63a0498cc3faf3f6917d1168ced0c80c42101c8bb3a77bec");
}

class AeadKeyOf : public testing::TestWithParam<Cipher> {
  protected:
    const Buffer secret_ = Buffer(32, 0x42), aad_{1, 2, 3};
    AeadKey key_ = std::move(*AeadKey::derive(GetParam(), secret_));
};

TEST_P(AeadKeyOf, nonce_is_the_iv_with_the_number_over_its_end) {
    const Buffer key(32, 0x17), iv{0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const uint64_t number = 0x0102030405060708;
    Buffer nonce = iv;
    for (size_t i = 0; i < 8; i++) nonce[4 + i] = static_cast<uint8_t>(nonce[4 + i] ^ (i + 1));
    auto a = AeadKey::from_key(GetParam(), key, iv), b = AeadKey::from_key(GetParam(), key, nonce);
    Buffer text_a(20), text_b(20), tag_a(16), tag_b(16);
    a->seal(number, aad_, text_a, tag_a);
    b->seal(0, aad_, text_b, tag_b);
    EXPECT_EQ(text_a, text_b);
    EXPECT_EQ(tag_a, tag_b);
}

TEST_P(AeadKeyOf, refuses_every_flipped_bit_and_leaves_the_text_as_it_was) {
    const Buffer plain(100, 0xaa);
    Buffer text = plain, tag(aead_tag_size);
    key_.seal(5, aad_, text, tag);
    const Buffer sealed = text;
    for (size_t bit = 0; bit < 8 * text.size(); bit++) {
        text[bit / 8] = static_cast<uint8_t>(text[bit / 8] ^ (1u << bit % 8));
        const Buffer before = text;
        EXPECT_FALSE(key_.open(5, aad_, text, tag));
        EXPECT_EQ(text, before);
        text = sealed;
    }
    for (size_t bit = 0; bit < 8 * tag.size(); bit++) {
        Buffer forged = tag;
        forged[bit / 8] = static_cast<uint8_t>(forged[bit / 8] ^ (1u << bit % 8));
        EXPECT_FALSE(key_.open(5, aad_, text, forged));
    }
    EXPECT_FALSE(key_.open(6, aad_, text, tag));
    EXPECT_FALSE(key_.open(5, Buffer{1, 2, 4}, text, tag));
    EXPECT_TRUE(key_.open(5, aad_, text, tag));
    EXPECT_EQ(text, plain);
}

TEST_P(AeadKeyOf, empty_text_is_authenticated) {
    Buffer tag(aead_tag_size);
    key_.seal(1, aad_, {}, tag);
    EXPECT_TRUE(key_.open(1, aad_, {}, tag));
    EXPECT_FALSE(key_.open(2, aad_, {}, tag));
}

TEST_P(AeadKeyOf, one_secret_gives_one_key_and_another_another) {
    AeadKey same = std::move(*AeadKey::derive(GetParam(), secret_));
    AeadKey other = std::move(*AeadKey::derive(GetParam(), Buffer(32, 0x43)));
    Buffer text(10), tag(aead_tag_size);
    key_.seal(1, aad_, text, tag);
    EXPECT_FALSE(other.open(1, aad_, text, tag));
    EXPECT_TRUE(same.open(1, aad_, text, tag));
}

INSTANTIATE_TEST_SUITE_P(Ciphers, AeadKeyOf, testing::Values(Cipher::aes256_gcm, Cipher::chacha20_poly1305),
                         [](const auto& instance) {
                             return instance.param == Cipher::aes256_gcm ? "aes256_gcm" : "chacha20_poly1305";
                         });

}  // namespace
}  // namespace stt
