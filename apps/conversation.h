// A conversation as `omma chat` keeps it: its turns, the pictures and clips that wait for the next one, and their files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/tasks/chat_model.h"

namespace omma::app {

class Conversation {
 public:
  // `system` is told before all turns; "": nothing.
  explicit Conversation(std::string system) : system_(std::move(system)) {}

  // A picture or clip that the next turn is about.
  void show(const std::filesystem::path& file, ChatPart seen);

  // Adds what the user says, with the pictures and clips that waited, and gives all messages to answer.
  const std::vector<ChatTurn>& ask(const std::string& text);
  // What the model answered; without an answer the last question is taken back.
  void answer(const std::string& text);
  void take_back();

  // All turns, pictures and clips.
  void clear();
  bool empty() const { return turns_.empty(); }

  // LLaVA's JSON: a list with one record, the files of its pictures ("image") and clips ("video", as Video-LLaVA has it) as seen
  // from `folder`, where it will lie. A "<image>" that somebody wrote is written "< image >": there it would be a place for a
  // picture.
  json to_json(const std::filesystem::path& folder) const;

 private:
  struct Seen {
    std::filesystem::path file;
    ChatPart part;
  };
  struct Turn {
    std::vector<Seen> seen;
    std::string question, answer;
  };

  std::string system_;
  std::vector<Seen> waiting_;
  std::vector<Turn> turns_;
  std::vector<ChatTurn> messages_;
};

}  // namespace omma::app
