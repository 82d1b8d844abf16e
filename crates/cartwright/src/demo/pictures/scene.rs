//! A small stage for drawings: a wall, a table, light from the upper left, and paints that give flat shapes a body.
//!
//! Everything is plain shapes with presentation attributes. There is no script, style, font or link in a picture, so
//! that it can be served under the strictest content policy.

use std::fmt::Write as _;

/// A colour as `0xRRGGBB`.
pub(super) type Colour = u32;

pub(super) const CREAM: Colour = 0xFB_F6_EC;
pub(super) const SAND: Colour = 0xEF_E3_D0;
pub(super) const CLAY: Colour = 0xC9_74_55;
pub(super) const ROSE: Colour = 0xE3_B0_A0;
pub(super) const MUSTARD: Colour = 0xDD_A8_3F;
pub(super) const MOSS: Colour = 0x6C_7F_5A;
pub(super) const SAGE: Colour = 0xB7_C4_A8;
pub(super) const SKY: Colour = 0xB9_D0_D9;
pub(super) const TIDE: Colour = 0x3E_76_91;
pub(super) const INK: Colour = 0x24_36_4E;
pub(super) const PLUM: Colour = 0x6D_4A_5E;
pub(super) const CHARCOAL: Colour = 0x33_35_3B;
pub(super) const STONE: Colour = 0xA8_A5_9C;
pub(super) const OAK: Colour = 0xCF_A2_70;
pub(super) const WALNUT: Colour = 0x7B_52_38;
pub(super) const BRASS: Colour = 0xC9_A1_4C;

const BLACK: Colour = 0x1B_18_20;
const WHITE: Colour = 0xFF_FF_FF;

/// `a` with `percent` of `b` in it.
pub(super) fn mix(a: Colour, b: Colour, percent: u32) -> Colour {
    let channel = |shift: u32| {
        let (a, b) = ((a >> shift) & 0xFF, (b >> shift) & 0xFF);
        ((a * (100 - percent) + b * percent) / 100) << shift
    };
    channel(16) | channel(8) | channel(0)
}

/// A lighter shade.
pub(super) fn light(colour: Colour, percent: u32) -> Colour {
    mix(colour, WHITE, percent)
}

/// A darker shade.
pub(super) fn dark(colour: Colour, percent: u32) -> Colour {
    mix(colour, BLACK, percent)
}

/// As attributes write it.
pub(super) fn hex(colour: Colour) -> String {
    format!("#{colour:06x}")
}

/// A picture in the making: 800 by 800, the table's edge at 590.
pub(super) struct Scene {
    defs: String,
    body: String,
    paints: u32,
}

impl Scene {
    /// A stage in front of a wall of this colour.
    pub(super) fn new(wall: Colour, table: Colour) -> Self {
        let mut scene = Self { defs: String::new(), body: String::new(), paints: 0 };
        let wall_paint = scene.down(&[(0, light(wall, 34)), (100, wall)]);
        let table_paint = scene.down(&[(0, light(table, 22)), (100, dark(table, 6))]);
        let sun = scene.glow(&[(0, WHITE, 60), (60, WHITE, 22), (100, WHITE, 0)]);
        scene.draw(&format!(
            r#"<rect width="800" height="800" fill="{wall_paint}"/><circle cx="270" cy="210" r="430" fill="{sun}"/>
<rect y="590" width="800" height="210" fill="{table_paint}"/><rect y="590" width="800" height="2" fill="{}" opacity=".5"/>"#,
            hex(light(table, 55))
        ));
        scene
    }

    /// A stage without a table, for what hangs or lies flat.
    pub(super) fn flat(ground: Colour) -> Self {
        let mut scene = Self { defs: String::new(), body: String::new(), paints: 0 };
        let paint = scene.across(&[(0, light(ground, 38)), (100, dark(ground, 4))]);
        let sun = scene.glow(&[(0, WHITE, 55), (100, WHITE, 0)]);
        scene.draw(&format!(
            r#"<rect width="800" height="800" fill="{paint}"/><circle cx="240" cy="180" r="460" fill="{sun}"/>"#
        ));
        scene
    }

    /// Adds shapes, in SVG.
    pub(super) fn draw(&mut self, shapes: &str) {
        self.body.push_str(shapes);
        self.body.push('\n');
    }

    /// A paint that changes from top to bottom; stops are (percent, colour).
    pub(super) fn down(&mut self, stops: &[(u32, Colour)]) -> String {
        self.gradient(r#"x1="0" y1="0" x2="0" y2="1""#, stops)
    }

    /// A paint that changes from the upper left to the lower right.
    pub(super) fn across(&mut self, stops: &[(u32, Colour)]) -> String {
        self.gradient(r#"x1="0" y1="0" x2="1" y2="1""#, stops)
    }

    /// A paint that makes an upright shape round.
    pub(super) fn round(&mut self, colour: Colour) -> String {
        let stops = [
            (0, dark(colour, 22)),
            (14, colour),
            (32, light(colour, 30)),
            (58, colour),
            (88, dark(colour, 26)),
            (100, dark(colour, 20)),
        ];
        self.gradient(r#"x1="0" y1="0" x2="1" y2="0""#, &stops)
    }

    /// A paint that makes a lying shape round.
    pub(super) fn rod(&mut self, colour: Colour) -> String {
        let stops = [(0, dark(colour, 10)), (24, light(colour, 42)), (50, colour), (100, dark(colour, 38))];
        self.gradient(r#"x1="0" y1="0" x2="0" y2="1""#, &stops)
    }

    /// A paint that makes a face catch the light.
    pub(super) fn face(&mut self, colour: Colour) -> String {
        self.across(&[(0, light(colour, 16)), (45, colour), (100, dark(colour, 14))])
    }

    fn gradient(&mut self, vector: &str, stops: &[(u32, Colour)]) -> String {
        let stops: Vec<_> = stops.iter().map(|&(at, colour)| (at, colour, 100)).collect();
        self.paint("linearGradient", vector, &stops)
    }

    /// A paint that changes and fades from top to bottom; stops are (percent, colour, opacity in percent).
    pub(super) fn fall(&mut self, stops: &[(u32, Colour, u32)]) -> String {
        self.paint("linearGradient", r#"x1="0" y1="0" x2="0" y2="1""#, stops)
    }

    /// A paint that fades from the middle; stops are (percent, colour, opacity in percent).
    pub(super) fn glow(&mut self, stops: &[(u32, Colour, u32)]) -> String {
        self.paint("radialGradient", "", stops)
    }

    fn paint(&mut self, kind: &str, attributes: &str, stops: &[(u32, Colour, u32)]) -> String {
        self.paints += 1;
        let id = format!("p{}", self.paints);
        let stops = stops.iter().fold(String::new(), |mut text, &(at, colour, opacity)| {
            // Writing to a string cannot fail.
            let _ = write!(text, r#"<stop offset="{at}%" stop-color="{}" stop-opacity="{opacity}%"/>"#, hex(colour));
            text
        });
        let _ = writeln!(self.defs, r#"<{kind} id="{id}" {attributes}>{stops}</{kind}>"#);
        format!("url(#{id})")
    }

    /// The shadow of what stands at (x, y), as wide as `width`.
    pub(super) fn shadow(&mut self, x: i32, y: i32, width: i32) {
        let soft = self.glow(&[(0, BLACK, 42), (55, BLACK, 20), (100, BLACK, 0)]);
        let (far, near) = (width * 62 / 100, width * 50 / 100);
        self.draw(&format!(
            r#"<ellipse cx="{}" cy="{}" rx="{far}" ry="{}" fill="{soft}"/><ellipse cx="{x}" cy="{y}" rx="{near}" ry="{}" fill="{soft}"/>"#,
            x + width / 9,
            y + 8,
            (far / 6).max(16),
            (near / 9).max(10),
        ));
    }

    /// Limits what `shapes` show to `outline`, which is a shape too.
    pub(super) fn inside(&mut self, outline: &str, shapes: &str) {
        self.paints += 1;
        let id = format!("c{}", self.paints);
        let _ = writeln!(self.defs, r#"<clipPath id="{id}">{outline}</clipPath>"#);
        self.draw(&format!(r#"<g clip-path="url(#{id})">{shapes}</g>"#));
    }

    /// The picture.
    pub(super) fn finish(self, title: &str) -> String {
        let title = title.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" role="img"><title>{title}</title>
<defs>{}</defs>
{}</svg>
"#,
            self.defs, self.body
        )
    }
}

/// The same shape `count` times; `shape` is given the number of each.
pub(super) fn repeat(count: i32, shape: impl Fn(i32) -> String) -> String {
    (0..count).map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_mix_channel_by_channel() {
        assert_eq!(mix(0x00_00_00, 0xFF_80_40, 50), 0x7F_40_20);
        assert_eq!((light(0x10_20_30, 0), dark(0x10_20_30, 100)), (0x10_20_30, BLACK));
        assert_eq!(hex(0x00_0A_FF), "#000aff");
    }
}
