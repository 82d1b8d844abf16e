//! Notebooks and pads.

use super::scene::{
    CHARCOAL, CLAY, CREAM, Colour, INK, MOSS, MUSTARD, OAK, PLUM, ROSE, SAGE, SAND, SKY, Scene, TIDE, dark, hex, light,
    repeat,
};

/// Three cloth-bound books, fanned, with a ridge line pressed into the front one.
pub(super) fn ridge_notebook(scene: &mut Scene) {
    scene.shadow(400, 668, 420);
    book(scene, SAGE, "rotate(-11 330 660) translate(-70 6)");
    book(scene, CLAY, "rotate(8 500 660) translate(70 4)");
    book(scene, INK, "translate(0 0)");
    let line = hex(light(INK, 46));
    scene.draw(&format!(
        r#"<g fill="none" stroke="{line}" stroke-width="3" stroke-linejoin="round" opacity=".85">
<path d="M302 470 346 398 374 436 420 352 462 420 484 388 530 470"/><path d="M302 492 352 428 380 458 424 396 470 452 490 428 530 492" opacity=".55"/>
<circle cx="478" cy="318" r="20"/></g>"#
    ));
}

fn book(scene: &mut Scene, colour: Colour, transform: &str) {
    let (cover, spine) = (scene.face(colour), hex(dark(colour, 24)));
    let (pages, elastic) = (hex(CREAM), hex(dark(colour, 40)));
    let glint = hex(light(colour, 40));
    scene.draw(&format!(
        r#"<g transform="{transform}"><rect x="268" y="222" width="294" height="440" rx="10" fill="{pages}"/>
<rect x="262" y="216" width="292" height="448" rx="12" fill="{cover}"/><path d="M274 216h18v448h-18a12 12 0 0 1-12-12V228a12 12 0 0 1 12-12z" fill="{spine}"/>
<rect x="262" y="216" width="292" height="448" rx="12" fill="none" stroke="{glint}" stroke-width="1.5" opacity=".5"/>
<rect x="516" y="216" width="9" height="448" fill="{elastic}"/></g>"#
    ));
}

/// Three stitched booklets side by side, each with its own pattern.
pub(super) fn pocket_trio(scene: &mut Scene) {
    scene.shadow(400, 662, 560);
    let dots = repeat(45, |n| format!(r#"<circle cx="{}" cy="{}" r="7"/>"#, 22 + n % 5 * 38, 30 + n / 5 * 38));
    let stripes = repeat(12, |n| {
        format!(r#"<rect x="-60" y="{}" width="320" height="13" transform="rotate(-24 90 160)"/>"#, n * 38 - 60)
    });
    let waves = repeat(9, |n| {
        let y = 34 + n * 38;
        format!(r#"<path d="M0 {y}q24 -26 48 0t48 0 48 0 48 0" fill="none" stroke-width="7"/>"#)
    });
    booklet(scene, MUSTARD, &dots, "translate(118 318) rotate(-6 95 170)");
    booklet(scene, TIDE, &stripes, "translate(306 300)");
    booklet(scene, ROSE, &waves, "translate(494 318) rotate(6 95 170)");
}

fn booklet(scene: &mut Scene, colour: Colour, pattern: &str, transform: &str) {
    let (cover, print, fold) = (scene.face(colour), hex(light(colour, 52)), hex(dark(colour, 22)));
    let thread = hex(CREAM);
    let outline = r#"<rect width="190" height="340" rx="8"/>"#;
    scene.draw(&format!(r#"<g transform="{transform}"><rect x="5" y="5" width="190" height="340" rx="8" fill="{thread}"/><rect width="190" height="340" rx="8" fill="{cover}"/>"#));
    scene.inside(outline, &format!(r#"<g fill="{print}" stroke="{print}" stroke-width="0">{pattern}</g>"#));
    scene.draw(&format!(
        r#"<rect width="12" height="340" fill="{fold}" opacity=".55"/><path d="M6 40v34M6 106v34M6 172v34M6 238v34" stroke="{thread}" stroke-width="2.5"/>
<rect x="42" y="120" width="120" height="84" rx="4" fill="{thread}"/><path d="M60 150h84M60 174h52" stroke="{fold}" stroke-width="4"/></g>"#
    ));
}

/// An open planner: two pages, seven days, a ribbon.
pub(super) fn week_planner(scene: &mut Scene) {
    let (soft, left, right) = (
        scene.glow(&[(0, CHARCOAL, 40), (60, CHARCOAL, 16), (100, CHARCOAL, 0)]),
        scene.across(&[(0, CREAM), (100, dark(CREAM, 5))]),
        scene.across(&[(0, dark(CREAM, 3)), (100, CREAM)]),
    );
    let (cover, rule, ink) = (hex(MOSS), hex(dark(SAND, 14)), hex(dark(MOSS, 20)));
    let days = repeat(3, |n| day(118, 282 + n * 104, n, &rule, &ink))
        + &repeat(4, |n| day(446, 252 + n * 84, n + 3, &rule, &ink));
    scene.draw(&format!(
        r#"<ellipse cx="420" cy="420" rx="400" ry="290" fill="{soft}"/><rect x="78" y="172" width="644" height="456" rx="16" fill="{cover}"/>
<path d="M92 190q150 -18 308 6v420q-158 -24 -308 -6z" fill="{left}"/><path d="M708 190q-150 -18 -308 6v420q158 -24 308 -6z" fill="{right}"/>
<path d="M400 196v420" stroke="{rule}" stroke-width="3"/><rect x="118" y="224" width="120" height="20" rx="4" fill="{ink}" opacity=".85"/>{days}"#
    ));
    let ribbon = scene.down(&[(0, CLAY), (100, dark(CLAY, 18))]);
    scene.draw(&format!(
        r#"<path d="M410 196c14 150 -8 300 12 470l12 -14 14 12c-20 -170 0 -310 -16 -470z" fill="{ribbon}"/>"#
    ));
}

fn day(x: i32, y: i32, n: i32, rule: &str, ink: &str) -> String {
    let mark = [MUSTARD, CLAY, SAGE, TIDE, ROSE, PLUM, SKY][usize::try_from(n % 7).unwrap_or(0)];
    let width = 70 + n * 37 % 100;
    format!(
        r#"<path d="M{x} {y}h236M{x} {}h236" stroke="{rule}" stroke-width="2"/><circle cx="{}" cy="{}" r="9" fill="{}"/>
<path d="M{} {}h{width}" stroke="{ink}" stroke-width="5" stroke-linecap="round" opacity=".45"/>"#,
        y + 44,
        x + 12,
        y + 23,
        hex(mark),
        x + 36,
        y + 23,
    )
}

/// A pad of heavy paper with washes of colour on it, and a brush.
pub(super) fn watercolour_pad(scene: &mut Scene) {
    let soft = scene.glow(&[(0, CHARCOAL, 38), (62, CHARCOAL, 15), (100, CHARCOAL, 0)]);
    let (sheet, binding) =
        (scene.across(&[(0, 0xFF_FF_FF), (100, dark(CREAM, 4))]), scene.down(&[(0, light(INK, 12)), (100, INK)]));
    let edge = hex(dark(SAND, 18));
    scene.draw(&format!(
        r#"<ellipse cx="410" cy="440" rx="360" ry="350" fill="{soft}"/><g transform="rotate(-5 400 400)">
<rect x="166" y="140" width="452" height="540" rx="6" fill="{edge}"/><rect x="160" y="130" width="452" height="542" rx="6" fill="{sheet}"/>"#
    ));
    let washes = [
        (300, 330, 118, TIDE),
        (420, 300, 92, SKY),
        (470, 420, 124, ROSE),
        (330, 470, 104, MUSTARD),
        (420, 540, 70, SAGE),
    ];
    for (x, y, radius, colour) in washes {
        let wash = scene.glow(&[(0, colour, 38), (80, colour, 58), (94, dark(colour, 10), 78), (100, colour, 0)]);
        scene.draw(&format!(r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{wash}"/>"#));
    }
    scene.draw(&format!(r#"<rect x="160" y="130" width="452" height="46" rx="6" fill="{binding}"/></g>"#));
    let (handle, ferrule) = (scene.rod(CLAY), scene.rod(0xC8_C8_CC));
    let (hair, wet) = (hex(SABLE), hex(TIDE));
    scene.draw(&format!(
        r##"<g transform="rotate(-52 560 520)"><path d="M420 532h330" stroke="#1b1820" stroke-width="14" opacity=".16" stroke-linecap="round"/>
<path d="M440 510q150 -10 330 4q8 6 0 12q-180 14 -330 4z" fill="{handle}"/><rect x="392" y="506" width="58" height="28" fill="{ferrule}"/>
<path d="M394 508q-50 -4 -78 12q28 16 78 12z" fill="{hair}"/><path d="M346 511q-18 3 -30 9q12 6 30 9z" fill="{wet}"/></g>"##
    ));
}

/// The hair of the brush.
const SABLE: Colour = 0x5A_3A_28;

/// Twelve pencils upright, in the colours of a hillside.
pub(super) fn cedar_pencils(scene: &mut Scene) {
    scene.shadow(400, 664, 520);
    let colours = [INK, TIDE, SKY, SAGE, MOSS, dark(MOSS, 20), MUSTARD, OAK, CLAY, ROSE, PLUM, CHARCOAL];
    for (n, colour) in (0..12).zip(colours) {
        let top = 262 - [0, 26, 44, 56, 64, 68, 68, 64, 56, 44, 26, 0][usize::try_from(n).unwrap_or(0)];
        pencil(scene, 171 + n * 39, top, colour);
    }
    let (band, edge) = (scene.down(&[(0, CREAM), (100, dark(SAND, 8))]), hex(dark(SAND, 20)));
    scene.draw(&format!(
        r#"<rect x="162" y="474" width="476" height="92" rx="3" fill="{band}"/><path d="M162 475h476M162 565h476" stroke="{edge}" stroke-width="2"/>
<path d="M330 520h140" stroke="{}" stroke-width="6" stroke-linecap="round"/><path d="M360 540h80" stroke="{edge}" stroke-width="4" stroke-linecap="round"/>
<path d="M386 500l14 -16 14 16z" fill="{}"/>"#,
        hex(INK),
        hex(CLAY)
    ));
}

fn pencil(scene: &mut Scene, x: i32, top: i32, colour: Colour) {
    let wood = scene.round(light(OAK, 30));
    let (shoulder, bottom) = (top + 74, 664);
    let [left, middle, right] = [dark(colour, 18), light(colour, 16), dark(colour, 4)].map(hex);
    scene.draw(&format!(
        r#"<path d="M{x} {shoulder}L{} {top}h6L{} {shoulder}q-6 -10 -12 0q-5 -10 -10 0q-6 -10 -12 0z" fill="{wood}"/>
<path d="M{} {}L{} {top}h6L{} {}z" fill="{}"/><rect x="{x}" y="{shoulder}" width="12" height="{h}" fill="{left}"/>
<rect x="{}" y="{shoulder}" width="11" height="{h}" fill="{middle}"/><rect x="{}" y="{shoulder}" width="12" height="{h}" fill="{right}"/>"#,
        x + 14,
        x + 34,
        x + 10,
        top + 20,
        x + 14,
        x + 24,
        top + 20,
        hex(dark(colour, 10)),
        x + 12,
        x + 23,
        h = bottom - shoulder,
    ));
}
