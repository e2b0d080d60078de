// What the program says before and beside its answers: how threads wait, and what a model was not taught.
#include <gtest/gtest.h>

#include <random>

#include "omma/io/image_file.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
using testing::run_program;

TEST(Startup, ThreadsWaitPassivelyUnlessTheUserSaysOtherwise) {
  const auto shown = [](std::vector<std::string> environment) {
    environment.emplace_back("OMP_DISPLAY_ENV=verbose");
    const auto run = run_program({"--version"}, environment);
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.out.rfind("omma ", 0), 0U) << run.out;
    return run.err;
  };
  EXPECT_NE(shown({}).find("GOMP_SPINCOUNT = '1000'"), std::string::npos) << shown({});
  EXPECT_NE(shown({"GOMP_SPINCOUNT=77"}).find("GOMP_SPINCOUNT = '77'"), std::string::npos);
  EXPECT_NE(shown({"OMP_WAIT_POLICY=ACTIVE"}).find("OMP_WAIT_POLICY = 'ACTIVE'"), std::string::npos);
}

// Something like a photograph: details of every size and no even ground.
Image textured(int side) {
  std::mt19937 random(3);
  Image image(side, side);
  for (int cell = side / 2; cell >= 2; cell /= 2)
    for (int y = 0; y < side; y += cell)
      for (int x = 0; x < side; x += cell) {
        const int add[3] = {static_cast<int>(random() % 50), static_cast<int>(random() % 50), static_cast<int>(random() % 50)};
        for (int j = y; j < std::min(side, y + cell); ++j)
          for (int i = x; i < std::min(side, x + cell); ++i)
            for (int c = 0; c < 3; ++c)
              image.pixel(i, j)[c] = static_cast<std::uint8_t>(std::min(255, image.pixel(i, j)[c] + add[c]));
      }
  return image;
}

TEST(Startup, EmbeddedModelsTellWhatTheyWereNotTaught) {
  const testing::TemporaryDirectory directory;
  const std::string photo = (directory / "photo.png").string();
  write_image(photo, textured(256));
  for (const char* split : {"train", "combo", "len"})
    ASSERT_EQ(
        run_program({"render", "--seed", "5", "--count", "12", "--split", split, "--out", (directory / split).string()}).status, 0);
  const std::string scene = (directory / "train/images/000000.png").string();

  const auto said = [](const std::vector<std::string>& arguments) {
    const auto run = run_program(arguments);
    EXPECT_EQ(run.status, 0) << run.err;
    return run.err;
  };
  const std::string looks_like_none = "has seen scenes of the picture-book world alone";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"detect", photo, "--phrase", "dog"},
                                                                     {"caption", photo},
                                                                     {"match", photo, "a dog"},
                                                                     {"ask", photo, "Is there a dog?"},
                                                                     {"agent", photo, "How many dogs are there?"}})
    EXPECT_NE(said(arguments).find(looks_like_none), std::string::npos) << arguments[0];
  EXPECT_NE(said({"agent", photo, "How many dogs are there?"}).find("grounding-dino-nano-photo (detect --model, agent --detector)"),
            std::string::npos);
  EXPECT_EQ(said({"detect", photo, "--phrase", "vehicle", "--model", "grounding-dino-nano-photo"}), "");
  for (const char* split : {"train", "combo", "len"})
    EXPECT_EQ(said({"detect", (directory / split / "images").string(), "--phrase", "red dog", "--phrase", "umbrellas"}), "")
        << split;

  EXPECT_NE(said({"detect", scene, "--phrase", "xylophone", "--phrase", "dog"}).find("does not know \"xylophone\":"),
            std::string::npos);
  EXPECT_NE(said({"match", scene, "a zebra", "two dogs"}).find("does not know \"zebra\":"), std::string::npos);
  EXPECT_NE(said({"ask", scene, "Is there a giraffe?"}).find("does not know \"giraffe\":"), std::string::npos);
  EXPECT_NE(said({"agent", scene, "How many giraffes are there?"}).find("does not know \"giraffe"), std::string::npos);
  EXPECT_EQ(said({"detect", scene, "--phrase", "xylophone", "--quiet"}), "");
}

}  // namespace
}  // namespace omma
