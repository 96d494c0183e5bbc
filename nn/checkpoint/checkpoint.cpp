#include "checkpoint.hpp"

#include <variant>

#include "../../core/array/random.hpp"
#include "../../core/error/error.hpp"
#include "model_state.hpp"
#include "safetensors_file.hpp"

namespace xg::nn {

struct Checkpoint::Impl {
  struct Part {
    std::string name;
    std::variant<AnyState, AnyModel> object;
  };
  std::vector<Part> parts;

  void add(Part&& part, const Site& site) {
    if (part.name.empty()) Complaint("Checkpoint", "a name is empty").at(site).raise<ValueError>();
    for (const Part& other : parts)
      if (other.name == part.name)
        Complaint("Checkpoint", "two things are called `" + part.name + "`").at(site).raise<ValueError>();
    parts.push_back(std::move(part));
  }
};

Checkpoint::Checkpoint() : impl_(new Impl) { impl_->parts.push_back({"default_rng", AnyState(default_rng())}); }
Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;

void Checkpoint::add_state(const std::string& name, const AnyState& state, const Site& site) {
  impl_->add({name, state}, site);
}
void Checkpoint::add_model(const std::string& name, const AnyModel& model, const Site& site) {
  impl_->add({name, model}, site);
}

void Checkpoint::save(const std::string& path, Site site) const {
  detail::StateSaver saver(site);
  std::vector<NamedArray> arrays;
  for (const Impl::Part& part : impl_->parts) {
    if (const AnyModel* model = std::get_if<AnyModel>(&part.object)) {
      detail::ModelState("Checkpoint", *model, site).collect(part.name + ".", arrays);
    } else {
      auto scope = saver.enter(part.name);
      std::get<AnyState>(part.object).show(saver);
    }
  }
  for (NamedArray& named : saver.take()) arrays.push_back(std::move(named));
  detail::write_arrays({"Checkpoint", path, site}, arrays, {{"format", "pt"}});
}

void Checkpoint::load(const std::string& path, const SafetensorsOptions& options, Site site) {
  detail::ArrayFile file = detail::read_arrays({"Checkpoint", path, site}, options.max_bytes);
  detail::Given given(file.arrays);
  detail::StateLoader loader(given);
  std::vector<detail::ModelState> models;
  auto show = [&](auto step) {
    for (const Impl::Part& part : impl_->parts) {
      const AnyState* state = std::get_if<AnyState>(&part.object);
      if (!state) continue;
      auto scope = loader.enter(part.name);
      (loader.*step)(*state);
    }
  };
  show(&detail::StateLoader::check);
  for (const Impl::Part& part : impl_->parts)
    if (const AnyModel* model = std::get_if<AnyModel>(&part.object))
      models.emplace_back("Checkpoint", *model, site).check(part.name + ".", given);
  given.finish();
  if (!given.report.fits()) detail::refuse(given.report, "Checkpoint", path, site);
  for (const detail::ModelState& model : models) model.load(site);
  show(&detail::StateLoader::load);
}

}  // namespace xg::nn
