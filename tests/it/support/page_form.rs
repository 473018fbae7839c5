//! A form as a browser reads it out of a page: what the page put there, and what its reader does to it.

/// The form of a page that posts to a path, ready to be sent.
#[derive(Clone, Debug)]
pub struct PageForm {
    controls: Vec<Control>,
}

#[derive(Clone, Debug)]
struct Control {
    name: String,
    value: String,
    /// Whether it is a box, and ticked.
    ticked: Option<bool>,
}

impl PageForm {
    /// The form that posts to `action`; where none does, the one for signing up that posts to the address of its page.
    pub fn find(page: &str, action: &str) -> Self {
        let start = format!("action=\"{action}\"");
        let own = page.split_once("<form class=\"signup\"");
        let own = own.filter(|(_, form)| !form.split('>').next().unwrap().contains("action="));
        let (_, form) =
            page.split_once(&start).or(own).unwrap_or_else(|| panic!("no {start}: {page}"));
        let (form, _) = form.split_once("</form>").expect("a form that ends");
        let tags = form.split("<input ").skip(1).filter_map(|tag| tag.split('>').next());
        Self { controls: tags.map(control).collect() }
    }

    /// Whether a box with this value is there, and ticked.
    pub fn is_ticked(&self, value: &str) -> Option<bool> {
        self.controls.iter().find(|c| c.ticked.is_some() && c.value == value)?.ticked
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        let found = self.controls.iter().find(|control| control.name == name);
        &found.unwrap_or_else(|| panic!("no field {name}")).value
    }

    /// What stands in each field of this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.controls.iter().filter(move |control| control.name == name);
        named.map(|control| control.value.as_str())
    }

    pub fn tick(self, value: &str) -> Self {
        self.set(value, true)
    }

    pub fn untick(self, value: &str) -> Self {
        self.set(value, false)
    }

    fn set(mut self, value: &str, to: bool) -> Self {
        let mut boxes = self.controls.iter_mut();
        let found = boxes.find(|control| control.ticked.is_some() && control.value == value);
        found.unwrap_or_else(|| panic!("no box of {value}")).ticked = Some(to);
        self
    }

    /// Types into a field.
    pub fn fill(mut self, name: &str, text: &str) -> Self {
        let found = self.controls.iter_mut().find(|control| control.name == name);
        text.clone_into(&mut found.expect("a field").value);
        self
    }

    /// As a page would send it that does not have this field.
    pub fn without(mut self, name: &str) -> Self {
        self.controls.retain(|control| control.name != name);
        self
    }

    /// What is sent.
    pub fn body(&self) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for control in self.controls.iter().filter(|control| control.ticked != Some(false)) {
            body.append_pair(&control.name, &control.value);
        }
        body.finish()
    }
}

/// Whether the box of a purpose is ticked on a page.
pub fn is_ticked(page: &str, code: &str) -> bool {
    let value = format!("name=\"purpose\" value=\"{code}\"");
    let boxes = page.split("<input type=\"checkbox\"").skip(1);
    let mut tags = boxes.filter_map(|rest| rest.split('>').next());
    tags.find(|tag| tag.contains(&value)).expect("a box").contains(" checked")
}

fn control(tag: &str) -> Control {
    let of = |name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(
            rest.split('"')
                .next()?
                .replace("&quot;", "\"")
                .replace("&#x27;", "'")
                .replace("&#x2f;", "/")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    };
    let is_box = tag.contains("type=\"checkbox\"");
    let ticked = is_box.then(|| tag.split_whitespace().any(|word| word == "checked"));
    let value = of("value").unwrap_or_default();
    // `name="…"` is also the end of no other attribute that our pages have.
    Control { name: of(" name").or_else(|| of("name")).unwrap_or_default(), value, ticked }
}
