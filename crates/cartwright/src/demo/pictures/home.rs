//! Cloth and light.

use super::{
    scene::{
        BRASS, CHARCOAL, CLAY, CREAM, Colour, INK, MOSS, MUSTARD, OAK, PLUM, ROSE, SAGE, SAND, SKY, Scene, TIDE, dark,
        hex, light, repeat,
    },
    table::candle,
};

/// Linen towels on a rail of pegs.
pub(super) fn tea_towels(scene: &mut Scene) {
    let rail = scene.rod(OAK);
    scene.draw(&format!(r##"<rect x="90" y="178" width="640" height="46" rx="10" fill="#1b1820" opacity=".14"/><rect x="80" y="160" width="640" height="46" rx="10" fill="{rail}"/>"##));
    towel(scene, 150, CREAM, TIDE, 0);
    towel(scene, 326, SAGE, CREAM, 1);
    towel(scene, 502, ROSE, CLAY, 2);
}

fn towel(scene: &mut Scene, x: i32, cloth: Colour, print: Colour, pattern: i32) {
    let paint = scene.face(cloth);
    let (fold, mark) = (hex(dark(cloth, 22)), hex(print));
    let outline = format!("M{} 222q32 -30 60 0q16 26 52 40l-8 392q-66 18 -132 0l-12 -392q26 -12 40 -40z", x + 30);
    scene.draw(&format!(r##"<path d="{outline}" fill="#1b1820" opacity=".15" transform="translate(14 12)"/><path d="{outline}" fill="{paint}"/>"##));
    let marks = match pattern {
        0 => repeat(7, |n| format!(r#"<rect x="{x}" y="{}" width="200" height="{}"/>"#, 520 + n * 18, 3 + n)),
        1 => repeat(60, |n| {
            format!(
                r#"<rect x="{}" y="{}" width="9" height="9" transform="rotate(45 {0} {1})"/>"#,
                x + n % 5 * 34,
                300 + n / 5 * 34
            )
        }),
        _ => {
            repeat(6, |n| format!(r#"<rect x="{}" y="200" width="6" height="480"/>"#, x + 6 + n * 26))
                + &repeat(14, |n| format!(r#"<rect x="{x}" y="{}" width="190" height="6"/>"#, 290 + n * 26))
        }
    };
    scene.inside(
        &format!(r#"<path d="{outline}"/>"#),
        &format!(r#"<g fill="{mark}" opacity=".8">{marks}</g><path d="M{} 240q-14 200 -6 430" stroke="{fold}" stroke-width="12" fill="none" opacity=".3"/><path d="M{} 240q16 200 6 430" stroke="{fold}" stroke-width="18" fill="none" opacity=".26"/>"#, x + 42, x + 86),
    );
    let peg = scene.glow(&[(0, light(OAK, 40), 100), (100, dark(OAK, 25), 100)]);
    scene.draw(&format!(r#"<circle cx="{}" cy="206" r="17" fill="{peg}"/>"#, x + 60));
}

/// A woollen throw, folded, with its fringe.
pub(super) fn wool_throw(scene: &mut Scene) {
    scene.shadow(400, 664, 560);
    let layers = [(556, MUSTARD), (460, CREAM), (364, CLAY)];
    for (y, colour) in layers {
        let (cloth, line) =
            (scene.down(&[(0, light(colour, 24)), (40, colour), (100, dark(colour, 24))]), hex(dark(colour, 20)));
        let knit = repeat(26, |n| {
            format!(r#"<path d="M{} {}q7 -9 14 0t14 0" fill="none"/>"#, 156 + n % 13 * 38, y + 26 + n / 13 * 30)
        });
        scene.draw(&format!(
            r#"<path d="M176 {y}h436q50 4 50 52t-50 52H176q-38 -4 -38 -52t38 -52z" fill="{cloth}"/><g stroke="{line}" stroke-width="2.5" opacity=".5">{knit}</g>
<path d="M612 {y}q-26 14 -26 52t26 52" fill="none" stroke="{line}" stroke-width="3" opacity=".7"/>"#
        ));
    }
    let drape = scene.down(&[(0, light(CLAY, 26)), (50, CLAY), (100, dark(CLAY, 10))]);
    scene.draw(&format!(r#"<path d="M214 366q100 -26 200 0v220q-100 20 -200 0z" fill="{drape}"/>"#));
    let (pale, gold) = (hex(CREAM), hex(MUSTARD));
    let bands = [(404, &pale, 20), (442, &gold, 10), (470, &pale, 6), (528, &pale, 20)];
    for (y, colour, height) in bands {
        scene.draw(&format!(
            r#"<path d="M214 {y}q100 -20 200 0v{height}q-100 -20 -200 0z" fill="{colour}" opacity=".9"/>"#
        ));
    }
    let fringe = hex(light(CLAY, 10));
    scene.draw(&repeat(21, |n| {
        let sag = (n - 10) * (n - 10) / 12;
        format!(
            r#"<path d="M{} {}q{} 22 0 48" fill="none" stroke="{fringe}" stroke-width="5" stroke-linecap="round"/>"#,
            219 + n * 9 + n / 2,
            594 - sag,
            n % 3 * 5 - 5
        )
    }));
}

/// A cushion with quarter circles.
pub(super) fn arc_cushion(scene: &mut Scene) {
    scene.shadow(400, 660, 480);
    let outline = "M166 236q20 -26 52 -12q182 36 364 0q32 -14 52 12q12 22 0 48q-40 150 0 306q14 30 -4 52q-22 24 -54 12q-176 -32 -352 0q-32 12 -54 -12q-18 -22 -4 -52q40 -156 0 -306q-12 -26 0 -48z";
    let ground = hex(SAND);
    let colours = [CLAY, INK, MUSTARD, SAGE, ROSE, TIDE, PLUM, MOSS].map(hex);
    let tiles = repeat(16, |n| {
        let (x, y) = (150 + n % 4 * 126, 196 + n / 4 * 122);
        let colour = &colours[usize::try_from((n * 5 + n / 4 * 3) % 8).unwrap_or(0)];
        let second = &colours[usize::try_from((n * 3 + 2) % 8).unwrap_or(0)];
        let turn = (n * 7 + n / 4) % 4 * 90;
        format!(
            r#"<g transform="rotate({turn} {} {})"><path d="M{x} {y}h126a126 122 0 0 1 -126 122z" fill="{colour}"/><path d="M{x} {y}h64a64 62 0 0 1 -64 62z" fill="{second}"/></g>"#,
            x + 63,
            y + 61
        )
    });
    let puff = scene.glow(&[(0, 0xFF_FF_FF, 30), (55, 0xFF_FF_FF, 4), (100, CHARCOAL, 42)]);
    scene.inside(
        &format!(r#"<path d="{outline}"/>"#),
        &format!(r#"<rect width="800" height="800" fill="{ground}"/>{tiles}<ellipse cx="370" cy="410" rx="345" ry="330" fill="{puff}"/>"#),
    );
    scene.draw(&format!(
        r#"<path d="{outline}" fill="none" stroke="{}" stroke-width="6" stroke-linejoin="round"/>"#,
        hex(dark(SAND, 16))
    ));
}

/// A lamp with a domed shade, lit.
pub(super) fn dome_lamp(scene: &mut Scene) {
    scene.shadow(400, 662, 260);
    let (shade, inner) = (scene.round(CLAY), scene.down(&[(0, 0xFF_E7_AE), (100, 0xFF_F6_DC)]));
    let beam = scene.fall(&[(0, 0xFF_E9_B0, 46), (100, 0xFF_F4_D6, 0)]);
    let halo = scene.glow(&[(0, 0xFF_E2_9A, 75), (50, 0xFF_DF_95, 28), (100, 0xFF_DF_95, 0)]);
    let (brass, base) = (scene.round(BRASS), scene.round(CHARCOAL));
    scene.draw(&format!(
        r#"<ellipse cx="400" cy="440" rx="330" ry="270" fill="{halo}"/><path d="M226 404L120 640q280 60 560 0L574 404z" fill="{beam}"/>
<rect x="390" y="396" width="20" height="236" fill="{brass}"/><path d="M296 640q0 -26 104 -26t104 26v12q-104 22 -208 0z" fill="{base}"/>
<ellipse cx="400" cy="402" rx="176" ry="28" fill="{inner}"/><path d="M222 402a178 190 0 0 1 356 0q-178 -44 -356 0z" fill="{shade}"/>
<path d="M222 402q178 -44 356 0" fill="none" stroke="{}" stroke-width="4"/><rect x="386" y="188" width="28" height="28" rx="8" fill="{brass}"/>
<path d="M270 360q14 -92 84 -122" fill="none" stroke="{}" stroke-width="14" stroke-linecap="round" opacity=".45"/>"#,
        hex(dark(CLAY, 25)),
        hex(light(CLAY, 60)),
    ));
}

/// A house of glass with a candle in it.
pub(super) fn glass_lantern(scene: &mut Scene) {
    scene.shadow(400, 664, 360);
    let halo = scene.glow(&[(0, 0xFF_D8_82, 80), (50, 0xFF_D0_70, 26), (100, 0xFF_D0_70, 0)]);
    let pane = scene.across(&[(0, light(SKY, 55)), (100, SKY)]);
    scene.draw(&format!(r#"<circle cx="400" cy="480" r="320" fill="{halo}"/><path d="M262 352L400 230l138 122v300H262z" fill="{pane}" opacity=".5"/>"#));
    candle(scene, 400, 560, 52, 646, CREAM);
    let (metal, bright) = (hex(INK), hex(light(INK, 36)));
    scene.draw(&format!(
        r##"<g fill="none" stroke="{metal}" stroke-width="13" stroke-linejoin="round"><path d="M262 352L400 230l138 122v300H262z"/><path d="M262 352h276"/><path d="M331 352v300M469 352v300M331 352L400 230l69 122" stroke-width="7"/></g>
<path d="M268 352v292" stroke="{bright}" stroke-width="3"/><rect x="246" y="646" width="308" height="20" rx="5" fill="{metal}"/><circle cx="400" cy="196" r="26" fill="none" stroke="{metal}" stroke-width="9"/>
<path d="M284 380l30 -22v130l-30 60z" fill="#fff" opacity=".38"/><path d="M486 372h34l-34 90z" fill="#fff" opacity=".28"/>"##
    ));
}

/// A round paper shade on its cord.
pub(super) fn paper_moon(scene: &mut Scene) {
    let halo = scene.glow(&[(0, 0xFF_EE_C4, 90), (55, 0xFF_E9_B6, 34), (100, 0xFF_E9_B6, 0)]);
    let paper = scene.glow(&[(0, 0xFF_FB_EC, 100), (55, 0xFD_EE_CC, 100), (100, 0xE2_BF_8A, 100)]);
    let (cord, rib) = (hex(CHARCOAL), hex(0xC4_A0_6E));
    let ribs = repeat(13, |n| {
        let y = 190 + n * 37;
        format!(r#"<path d="M140 {y}q260 {} 520 0" fill="none"/>"#, (n - 6) * 7)
    });
    scene.draw(&format!(r#"<circle cx="400" cy="412" r="400" fill="{halo}"/><path d="M400 0v176" stroke="{cord}" stroke-width="6"/><circle cx="400" cy="412" r="238" fill="{paper}"/>"#));
    scene.inside(
        r#"<circle cx="400" cy="412" r="238"/>"#,
        &format!(r#"<g stroke="{rib}" stroke-width="2.4" opacity=".6">{ribs}</g>"#),
    );
    let brass = scene.round(BRASS);
    scene.draw(&format!(r#"<rect x="362" y="160" width="76" height="20" rx="6" fill="{brass}"/><ellipse cx="400" cy="648" rx="46" ry="8" fill="{}"/>"#, hex(dark(OAK, 30))));
    let small = [(150, 250, 64, ROSE), (664, 190, 46, SAGE)];
    for (x, y, radius, colour) in small {
        let shade =
            scene.glow(&[(0, light(colour, 62), 100), (60, light(colour, 30), 100), (100, dark(colour, 8), 100)]);
        scene.draw(&format!(
            r#"<path d="M{x} 0v{}" stroke="{cord}" stroke-width="4"/><circle cx="{x}" cy="{y}" r="{radius}" fill="{shade}"/><path d="M{} {y}h{}M{} {}h{}M{} {}h{}" stroke="{}" stroke-width="1.6" opacity=".5"/>"#,
            y - radius,
            x - radius,
            radius * 2,
            x - radius + 8,
            y - radius / 3,
            radius * 2 - 16,
            x - radius + 8,
            y + radius / 3,
            radius * 2 - 16,
            hex(dark(MOSS, 10)),
        ));
    }
}
