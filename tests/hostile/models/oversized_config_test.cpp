// A config.json that implies far larger weights than stand beside it is refused by tensor, with
// expected and found, and nothing of that size is allocated.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "omma/base/file.h"
#include "omma/models/registry.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

// While one is alive, the process gets at most `bytes` of memory beyond what it has.
class MemoryLimit {
 public:
  explicit MemoryLimit(rlim_t bytes) {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    const rlimit limit{pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

struct Oversized {
  const char* field;  // of config.json, as a JSON pointer
  int64_t value;
  const char* fault;
};

// A copy of an embedded model, whose config.json is then changed a field at a time.
class OversizedConfig : public ::testing::Test {
 protected:
  void expect_refused(const char* model, const std::vector<Oversized>& cases, const std::function<void(const fs::path&)>& load) {
    const testing::TemporaryDirectory directory;
    fs::copy(fs::path("zoo") / model, directory.path());
    load(directory.path());  // also makes what LibTorch makes once
    const json config = read_json(directory / "config.json");
    for (const auto& [field, value, fault] : cases) {
      json changed = config;
      changed[json::json_pointer(field)] = value;
      write_file(directory / "config.json", dump_json(changed));
      const MemoryLimit limit(rlim_t{256} << 20);
      const std::string error = testing::invalid_argument_of([&] { load(directory.path()); });
      EXPECT_TRUE(error.starts_with(directory.path().string())) << field << ": " << error;
      EXPECT_NE(error.find(fault), std::string::npos) << field << ": " << error;
    }
  }
};

TEST_F(OversizedConfig, GroundingDino) {
  const std::vector<Oversized> cases = {
      {"/text_config/vocab_size", 1'100'000, "word_embeddings.weight\": expected [1100000, 96], got ["},
      {"/text_config/hidden_size", 16'384, "expected [16384, 16384], got [96, 96]"},
      {"/text_config/intermediate_size", 131'072, "expected [131072, 96], got [160, 96]"},
      {"/text_config/num_hidden_layers", 128, "missing tensor \"model.text_backbone.encoder.layer.2."},
      {"/backbone_config/embed_dim", 4096,
       "embeddings.patch_embeddings.projection.weight\": expected [4096, 3, 4, 4], got [32, 3, 4, 4]"},
      {"/d_model", 16'384, "expected [16384"},
      {"/encoder_ffn_dim", 131'072, "expected [131072, 96], got [160, 96]"},
      {"/decoder_ffn_dim", 131'072, "expected [131072, 96], got [192, 96]"},
      {"/num_queries", 100'000, "expected [100000, 96], got [30, 96]"},
  };
  expect_refused("grounding-dino-nano", cases,
                 [](const fs::path& directory) { load_detector(directory, {.device = "cpu", .dtype = "auto"}); });
}

TEST_F(OversizedConfig, Blip) {
  const std::vector<Oversized> cases = {
      {"/text_config/vocab_size", 1'100'000, "word_embeddings.weight\": expected [1100000, 128], got ["},
      {"/text_config/hidden_size", 16'384, "crossattention.self.key.weight\": expected [16384, 128], got [128, 128]"},
      {"/text_config/num_hidden_layers", 128, "missing tensor \"text_decoder.bert.encoder.layer.3."},
      {"/vision_config/hidden_size", 16'384, "embeddings.class_embedding\": expected [1, 1, 16384], got [1, 1, 128]"},
      {"/vision_config/image_size", 16'384, "embeddings.position_embedding\": expected [1, 1048577, 128], got [1, 65, 128]"},
      {"/vision_config/num_hidden_layers", 128, "missing tensor \"vision_model.encoder.layers.4."},
  };
  expect_refused("blip-nano-caption", cases,
                 [](const fs::path& directory) { load_captioner(directory, {.device = "cpu", .dtype = "auto"}); });
}

TEST_F(OversizedConfig, Llama) {
  const std::vector<Oversized> cases = {
      {"/vocab_size", 483'000, "\"model.embed_tokens.weight\": expected [483000, 128], got ["},
      {"/hidden_size", 65'536, "self_attn.q_proj.weight\": expected [65536, 65536], got [128, 128]"},
      {"/intermediate_size", 384'000, "mlp.gate_proj.weight\": expected [384000, 128], got [384, 128]"},
      {"/num_hidden_layers", 1024, "missing tensor \"model.layers.5."},
      {"/head_dim", 4096, "self_attn.q_proj.weight\": expected [16384, 128], got [128, 128]"},
  };
  expect_refused("planner-nano", cases,
                 [](const fs::path& directory) { load_language_model(directory, {.device = "cpu", .dtype = "auto"}); });
}

}  // namespace
}  // namespace omma
